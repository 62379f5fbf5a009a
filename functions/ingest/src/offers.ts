import { filterNames, flag } from '@darkroom/shared/config';
import { explain, Rejected } from '@darkroom/shared/errors';
import { optionSchemas } from '@darkroom/shared/filter/option';
import { keys } from '@darkroom/shared/job/keys';
import { log } from '@darkroom/shared/log';
import { json, readJson, type Store } from '@darkroom/shared/store';
import * as v from 'valibot';
import { fields } from './api/fields.ts';
import type { Settings } from './settings.ts';

/** What a revision makes of photos. */
export type Offer = Pick<Settings, 'K_REVISION' | 'FILTERS' | 'ARCHIVE' | 'OPTIONS'>;

/** What each revision offers, shared by all of them, since a split of traffic sends a page to one and its post to another. */
export interface Offers {
  /** Stores what this revision offers; without effect once that has succeeded. A failure is only logged. */
  keep(): Promise<void>;
  /** @throws Rejected with status 409 if the revision is unknown */
  find(revision: string | undefined): Promise<Offer>;
}

/** offers/<revision>, written as in the environment. */
const record = v.object({ FILTERS: filterNames, ARCHIVE: flag, OPTIONS: optionSchemas });

export function openOffers(store: Store, own: Offer): Offers {
  let kept: Promise<void> | undefined;

  return {
    keep() {
      const { K_REVISION, FILTERS, ARCHIVE, OPTIONS } = own;
      const content = { FILTERS: FILTERS.join(), ARCHIVE: String(ARCHIVE), OPTIONS: JSON.stringify(OPTIONS) };
      return (kept ??= store.write(keys.offer(K_REVISION), json(content)).catch((error: unknown) => {
        kept = undefined;
        log('could not store what this revision offers', { error: explain(error) });
      }));
    },
    async find(revision = own.K_REVISION) {
      if (revision === own.K_REVISION) return own;
      const content = new RegExp(fields.revision.pattern).test(revision)
        ? await readJson(store, keys.offer(revision))
        : undefined;
      const result = v.safeParse(record, content);
      if (!result.success)
        throw new Rejected(
          `The revision “${revision}” is not known here. Load the page again, or leave the field “revision” out.`,
          { status: 409 },
        );
      return { K_REVISION: revision, ...result.output };
    },
  };
}
