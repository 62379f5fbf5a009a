import { Rejected } from '@darkroom/shared/errors';
import { readOption } from '@darkroom/shared/filter/option';
import { formatOption } from '@darkroom/shared/image/formats';
import type { Options } from '@darkroom/shared/job';
import { type Locale, locales } from '@darkroom/shared/job/locale';
import { shorten } from '@darkroom/shared/shorten';
import { readTarget } from '@darkroom/shared/webhook/target';
import { fields as known } from '../api/fields.ts';
import type { Settings } from '../settings.ts';
import { readAddress } from './address.ts';
import type { Received } from './receive.ts';

/** What the person wants done with the photos. */
export interface Wishes {
  /** Undefined if there should be no mail. */
  email: string | undefined;
  /** Undefined if nobody is to be told when the job has ended. */
  notifyUrl?: string | undefined;
  /** The filters that were named, in the order of the offer; if absent, none were, and all of them are wanted. */
  filters?: readonly string[];
  options: Options;
  /** The language of the mail, if it was named. */
  locale?: Locale;
  /** Seconds to hold the response: overlapping requests make a revision visibly scale out. */
  wait: number;
}

type Fields = Received['fields'];

/** Which filters there are, what can be chosen for them, what must be said, and which webhooks may be called. */
type Choices = Pick<Settings, 'FILTERS' | 'OPTIONS' | 'EMAIL_REQUIRED' | 'WEBHOOKS' | 'WEBHOOK_NETWORKS'>;

/** Reads every field, and adds what is wrong to `faults`. The result is valid only if nothing was added. */
export function readWishes({ fields, filters: named, faults }: Omit<Received, 'taken'>, choices: Choices): Wishes {
  const read = <Value>(reader: () => Value): Value | undefined => {
    try {
      return reader();
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };
  const filters = read(() => readFilters(named, choices.FILTERS));
  const email = read(() => readRecipient(fields, choices));
  const notifyUrl = read(() => readNotifyUrl(fields, choices));
  const format = read(() => readFormat(fields.get('format') ?? ''));
  const quality = read(() => readQuality(fields));
  const wait = read(() => readNumber(fields, 'wait')) ?? 0;
  const locale = read(() => readLocale(fields.get('locale')?.trim() ?? ''));
  const chosen = Object.fromEntries(
    (filters ?? choices.FILTERS).flatMap((name) => {
      const value = read(() => readChoice(fields, name, choices.OPTIONS));
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const options = {
    ...(format && { format }),
    ...(quality !== undefined && { quality }),
    ...(Object.keys(chosen).length > 0 && { filters: chosen }),
  };
  return {
    email,
    ...(notifyUrl !== undefined && { notifyUrl }),
    ...(filters && { filters }),
    options,
    ...(locale && { locale }),
    wait,
  };
}

/** An empty name is how a form says that one can choose here: without another, nothing was chosen. */
function readFilters(named: Received['filters'], offered: readonly string[]): string[] | undefined {
  if (named.size === 0) return undefined;
  const chosen = offered.filter((name) => named.has(name));
  const unknown = [...named].filter((name) => name !== '' && !offered.includes(name));
  const howTo = `“filter” must name one or more of ${offered.join(', ')}, or be left out for all of them.`;
  if (unknown.length > 0)
    throw new Rejected(`There is no filter ${unknown.map((name) => `“${shorten(name, 50)}”`).join(', ')}. ${howTo}`);
  if (chosen.length === 0) throw new Rejected(`No filter was chosen. ${howTo}`);
  return chosen;
}

function readRecipient(fields: Fields, { EMAIL_REQUIRED }: Choices): string | undefined {
  const text = fields.get('email')?.trim() ?? '';
  return text === '' && !EMAIL_REQUIRED ? undefined : readAddress(text);
}

function readNotifyUrl(fields: Fields, choices: Choices): string | undefined {
  const text = fields.get('notify_url')?.trim() ?? '';
  return text === '' ? undefined : readTarget(text, choices).href;
}

/** What was chosen for a filter, or else its default: the job says what it was made with, whatever the default becomes. */
function readChoice(fields: Fields, name: string, schemas: Choices['OPTIONS']) {
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  const text = fields.get(name)?.trim() ?? '';
  if (text === '') return schema?.default;
  if (!schema) throw new Rejected(`There is nothing to choose for “${name}”. Leave the field out.`);
  return readOption(name, schema, text);
}

function readFormat(text: string): Options['format'] {
  if (text === '' || text === 'input') return undefined;
  if (!Object.hasOwn(formatOption, text))
    throw new Rejected(`“format” must be one of ${known.format.enum.join(', ')}, or left out to keep the format of each photo.`);
  return formatOption[text as keyof typeof formatOption];
}

function readLocale(text: string): Locale | undefined {
  const locale = locales.find((each) => each === text);
  if (text !== '' && !locale)
    throw new Rejected(`“locale” must be one of ${locales.join(', ')}, or left out to follow Accept-Language.`);
  return locale;
}

function readQuality(fields: Fields): number | undefined {
  const quality = readNumber(fields, 'quality');
  if (quality !== undefined && !Number.isInteger(quality))
    throw new Rejected(`“quality” must be a whole number from ${known.quality.minimum} to ${known.quality.maximum}.`);
  return quality;
}

/** An empty field counts as absent: that is how forms send what was not filled in. */
function readNumber(fields: Fields, name: 'quality' | 'wait'): number | undefined {
  const { minimum, maximum } = known[name];
  const text = fields.get(name)?.trim() ?? '';
  if (text === '') return undefined;
  const number = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (!(number >= minimum && number <= maximum)) throw new Rejected(`“${name}” must be a number from ${minimum} to ${maximum}.`);
  return number;
}
