import type { Locale } from '@darkroom/shared/job/locale';

const [KiB, MiB] = [1024, 1024 * 1024];

/** How a language writes numbers, lists and sizes. */
export function intlOf(locale: Locale) {
  const unit = (amount: number, name: 'megabyte' | 'kilobyte', maximumFractionDigits: number) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, maximumFractionDigits })
      .format(amount)
      // No line ends between a number and its unit.
      .replace(' ', '\u00a0');
  return {
    number: (amount: number) => new Intl.NumberFormat(locale).format(amount),
    list: (words: readonly string[]) => new Intl.ListFormat(locale).format(words),
    size: (bytes: number) => (bytes >= MiB ? unit(bytes / MiB, 'megabyte', 1) : unit(Math.max(1, bytes / KiB), 'kilobyte', 0)),
  };
}
