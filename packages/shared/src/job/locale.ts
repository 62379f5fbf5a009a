/** The languages that a mail can be written in (BCP 47), the default first. */
export const locales = ['en', 'de'] as const;

export type Locale = (typeof locales)[number];
