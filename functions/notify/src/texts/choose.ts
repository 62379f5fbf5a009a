import { type Locale, locales } from '@darkroom/shared/job/locale';
import { de } from './de.ts';
import { en } from './en.ts';
import type { Texts } from './texts.ts';

/** A language without its texts does not compile. */
const texts: Record<Locale, Texts> = { en, de };

/** The texts for a job, in its language if there are any; its record may come from a version that has more. */
export function textsFor(wanted: string | undefined): Texts & { locale: Locale } {
  const locale = locales.find((each) => each === wanted) ?? locales[0];
  return { ...texts[locale], locale };
}
