/**
 * All that a mail says, in one language. Numbers and lists come as they are, for each language writes them in its own way. Names of photos
 * and filters, and why a photo could not be developed, are not here: those are not ours to translate, or stored as English sentences.
 */
export interface Texts {
  /** @param prints how many were made */
  subject(prints: number): string;
  /** One line of the list of what was made. */
  made(photo: string, filters: readonly string[]): string;
  /** The last line of a list that is cut short. */
  more(lines: number): string;
  /** Where the prints are, or that there are none. */
  whereabouts: Record<'attached' | 'attachedArchive' | 'linked' | 'nowhere', string>;
  /** What links lead to. */
  links: {
    /** @param prints how many were made */
    page(prints: number): string;
    /** @param bytes of the archive */
    archive(bytes: number): string;
    deletion: string;
  };
  /** What is listed with the reasons why the ZIP file could not be made. */
  archive: string;
  headings: Record<'madeInPart' | 'notMade', string>;
  /** How long photos are kept, and who can see them. @param seconds from the mail to their end */
  retention(seconds: number): string;
  /** Why somebody gets this mail. */
  origin: string;
}
