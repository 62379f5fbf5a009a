import * as v from 'valibot';
import { integer } from '../config.ts';
import type { Locale } from './locale.ts';

const units = { day: 86_400, hour: 3600, minute: 60, second: 1 };

/** The setting RETENTION: seconds until a job is removed. Sweep removes it; the page and the mail say so beforehand. */
export const retention = v.optional(integer(1, 3650 * units.day), String(7 * units.day));

/** Seconds that an upload may take until it is posted. The largest photo needs seven hours at the slowest rate that is accepted. */
export function uploadLifetime(retentionSeconds: number): number {
  return Math.min(retentionSeconds, units.day);
}

/** "7 days", "1.5 hours"; in German "7 Tage", "1,5 Stunden". */
export function duration(seconds: number, locale: Locale = 'en'): string {
  const [unit, length] = Object.entries(units).find(([, least]) => seconds >= least)!;
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 1 });
  return format.format(seconds / length);
}
