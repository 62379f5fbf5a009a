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
  /** A small copy of the print that the mail shows. */
  cover: (job: string) => `thumbnails/${job}/cover.jpg`,
  /** Names the job that can be seen under this id. */
  share: (id: string) => `shares/${id}`,
  /** A webhook that is still to be delivered, and how attempts to do so ended. */
  allDue: 'due/',
  due: (job: string) => `due/${job}`,
  /** What is known of a webhook, apart from the job's own parts: a late attempt must not prolong how long the photos are kept. */
  webhook: (job: string) => `webhooks/${job}/`,
  webhookEnd: (job: string) => `webhooks/${job}/end.json`,
  webhookLock: (job: string) => `webhooks/${job}/lock`,
  /** A tombstone: the job was deleted, and nothing more is written for it. */
  gone: (job: string) => `gone/${job}`,
  /** For an hour beside its tombstone: what comes late for it is looked for, without listing the tombstones of all times. */
  allLeaving: 'leaving/',
  leaving: (job: string) => `leaving/${job}`,
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
  /** Written by a filter now and then while it makes prints: its modification time says when it last did, by the store's clock. */
  made: (filter: string) => `made/${filter}`,
  completed: (job: string) => `jobs/${job}/completed.json`,
};
