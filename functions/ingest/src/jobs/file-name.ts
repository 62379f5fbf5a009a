import { splitName } from '@darkroom/shared/job/names';

/** Control characters, line and paragraph separators, and the marks that reverse the direction of writing. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Code points of a name, extension included. */
const longest = 100;

/**
 * Makes a file name that somebody sent safe to display and to offer for download; it is never used as a path.
 * Folders are cut off, whatever could mislead the eye or break a header is dropped, Unicode stays.
 */
export function safeName(sent: string | undefined, fallback = 'photo'): string {
  const last = (sent ?? '').toWellFormed().normalize('NFC').split(/[/\\]/).at(-1)!;
  const clean = last.replace(unsafe, '').replace(/\s+/gu, ' ').trim();
  const { stem, extension } = splitName(clean);
  if (!/[^.\s]/u.test(clean)) return fallback;
  if (stem === '') return `photo${extension}`;
  return (
    [...stem]
      .slice(0, longest - extension.length)
      .join('')
      .trim() + extension
  );
}
