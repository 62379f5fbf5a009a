import { counter, gauge, histogram } from './registry.ts';

/** Seconds that a call takes. */
const quick = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** Seconds that a stage takes. */
const steady = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
/** Seconds that a person waits: ten bounds to a decade (Renard's series R10), so that "half as long again" is seen, until it is minutes. */
const patient = [
  0.1, 0.125, 0.16, 0.2, 0.25, 0.315, 0.4, 0.5, 0.63, 0.8, 1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8, 10, 12.5, 16, 20, 25, 31.5,
  40, 50, 63, 80, 100, 160, 300, 900, 3600,
];

/**
 * Every metric of Darkroom. `revision` is that of ingest which accepted the job, in all stages; `unknown` where its record cannot be read.
 * A test holds dashboards and alerts in config/monitoring to these names.
 */
export const metrics = {
  /** ingest */
  jobsAccepted: counter('darkroom_jobs_accepted_total', 'Jobs accepted; a post that is repeated counts once', ['revision']),
  photosAccepted: counter('darkroom_photos_accepted_total', 'Photos accepted', ['revision']),
  photosRefused: counter('darkroom_photos_refused_total', 'Photos turned down while others of their post were accepted', [
    'revision',
    'reason',
  ]),
  uploadsRefused: counter('darkroom_uploads_refused_total', 'Posts refused as a whole', ['revision', 'reason']),
  requestSeconds: histogram(
    'darkroom_http_request_duration_seconds',
    'Requests of people, by route pattern',
    ['revision', 'route', 'method', 'status'],
    [0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30, 120],
  ),

  /** Every stage */
  stageSeconds: histogram(
    'darkroom_stage_duration_seconds',
    'Events handled: emitted the next event, waits for others, rejected for good, or failed and to be tried again',
    ['revision', 'outcome'],
    steady,
  ),
  eventsPublished: counter('darkroom_events_published_total', 'Events handed to the broker', ['type', 'outcome']),
  storeSeconds: histogram('darkroom_store_call_duration_seconds', 'Calls of the store', ['call', 'outcome'], quick),

  /** Filters; sweep rejects what is late, and a photo on which its filter fails again and again */
  printsMade: counter('darkroom_prints_made_total', 'Prints made', ['revision', 'filter']),
  printsRejected: counter('darkroom_prints_rejected_total', 'Prints that cannot be made, and why', [
    'revision',
    'filter',
    'reason',
  ]),
  workers: gauge('darkroom_workers', 'Photos that a process works on at once'),
  workersBusy: gauge('darkroom_workers_busy', 'Photos that a worker is at work on'),
  photosWaiting: gauge('darkroom_photos_waiting', 'Photos that wait for a worker'),
  workersLost: counter('darkroom_workers_lost_total', 'Workers that crashed or were killed', ['reason']),

  /** zip */
  archives: counter('darkroom_archives_total', 'Archives packed, or impossible', ['revision', 'outcome']),

  /** notify; sweep ends what is late or damaged */
  mails: counter(
    'darkroom_mails_total',
    'Attempts to send a mail. Misconfigured: our own sender, sign-in or address is refused',
    ['revision', 'outcome'],
  ),
  jobsEnded: counter(
    'darkroom_jobs_ended_total',
    'Jobs that have ended; completed: with a print; made: all, some or none of the prints and archives asked for',
    ['revision', 'outcome', 'mail', 'made'],
  ),
  jobSeconds: histogram(
    'darkroom_job_duration_seconds',
    'From acceptance to the end, mail included',
    ['revision', 'outcome'],
    patient,
  ),

  /** webhook */
  webhooks: counter('darkroom_webhooks_total', 'Attempts to deliver a webhook. Refused: no attempt can help', [
    'revision',
    'outcome',
  ]),

  /** sweep */
  deadLetters: counter('darkroom_dead_letters_total', 'Events that exhausted their retries', ['revision', 'stage']),
  resumptions: counter('darkroom_resumptions_total', 'Jobs that stood still and were resumed', ['revision']),
  openJobs: gauge('darkroom_open_jobs', 'Jobs without an end, at the last look'),
  oldestJob: gauge('darkroom_oldest_open_job_seconds', 'Seconds since the oldest of them was accepted, at the last look'),
  lastLook: gauge('darkroom_last_look_timestamp_seconds', 'When sweep last looked at all open jobs, in seconds since 1970'),

  /** Every process */
  startSeconds: histogram('darkroom_start_duration_seconds', 'From the start of a process until it accepts requests', [], quick),
};
