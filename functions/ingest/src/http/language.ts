import { type Locale, locales } from '@darkroom/shared/job/locale';
import Negotiator from 'negotiator';

/** The language that somebody likes best of those there are: "de-CH, en;q=0.5" is de. @param header Accept-Language (RFC 9110, 12.5.4) */
export function preferredLocale(header: string | undefined): Locale {
  const negotiator = new Negotiator({ headers: { 'accept-language': header } });
  return (negotiator.language([...locales]) as Locale | undefined) ?? locales[0];
}
