import { extensionOf, type ImageType, printType } from '../image/formats.ts';

/** The part of a photo that its keys depend on. */
interface PhotoOf {
  image: string;
  type: ImageType;
}

/** The part of a job that the keys of its prints depend on. */
interface JobOf {
  job: string;
  options: { format?: ImageType };
}

/** Where the parts of a job are in the store. Only this file knows. */
export const keys = {
  /** Written by sweep whenever it looks: its modification time is what the store's clock says. */
  sweepTime: 'sweep',
  allOpen: 'open/',
  allJobs: 'jobs/',
  open: (job: string) => `open/${job}`,
  folder: (job: string) => `jobs/${job}/`,
  job: (job: string) => `jobs/${job}/job.json`,
  original: (job: string, { image, type }: PhotoOf) => `jobs/${job}/${image}/original.${extensionOf(type)}`,
  print: ({ job, options }: JobOf, { image, type }: PhotoOf, filter: string) =>
    `jobs/${job}/${image}/${filter}.${extensionOf(printType(type, options.format))}`,
  rejection: (job: string, image: string, filter: string) => `jobs/${job}/${image}/${filter}.rejected.json`,
  archive: (job: string) => `jobs/${job}/archive.zip`,
  archiveRejection: (job: string) => `jobs/${job}/archive.rejected.json`,
  mail: (job: string) => `jobs/${job}/mail.json`,
  archiveLock: (job: string) => `jobs/${job}/archive.lock`,
  mailLock: (job: string) => `jobs/${job}/mail.lock`,
  allClaims: 'claims/',
  claim: (digest: string) => `claims/${digest}`,
  /** Small copies of photos and prints, apart from the job's own parts: when they were made says nothing about the job. */
  thumbnails: (job: string) => `thumbnails/${job}/`,
  /** @param name "original", or the filter of a print */
  thumbnail: (job: string, image: string, name: string, width: number) => `thumbnails/${job}/${image}/${name}.${width}.webp`,
  /** Names the job that can be seen under this id. */
  share: (id: string) => `shares/${id}`,
  /** A tombstone: the job was deleted, and nothing more is written for it. */
  gone: (job: string) => `gone/${job}`,
  allQuotas: 'quota/',
  quotas: (hour: string) => `quota/${hour}/`,
  quota: (hour: string, mailbox: string, place: number) => `quota/${hour}/${mailbox}.${place}`,
  allUploads: 'uploads/',
  uploadParts: (upload: string) => `uploads/${upload}/`,
  /** What was said about an upload when it began: it is not complete, or has not been posted yet. */
  upload: (upload: string) => `uploads/${upload}/upload.json`,
  /** Some of its bytes, from an offset on. Where they end, the next piece begins. */
  uploadPiece: (upload: string, offset: number) => `uploads/${upload}/${offset}`,
  /** It has become a part of a job. */
  uploadTaken: (upload: string) => `uploads/${upload}/taken.json`,
  /** What a revision of ingest makes of photos, so that another can accept a post in its place. */
  offer: (revision: string) => `offers/${revision}`,
  allGone: 'gone/',
  allDead: 'dead/',
  deadOf: (job: string) => `dead/${job}.`,
  dead: (job: string, image: string | undefined, stage: string) => `dead/${job}.${image ?? '0'}.${stage}.json`,
  completed: (job: string) => `jobs/${job}/completed.json`,
};
