import { share } from './promql.ts';
import { allPrints } from './recordings.ts';

/** Something that a person has to know, and a page in docs/runbooks that says what to do. */
export interface Alert {
  /** In CamelCase; the runbook has the same name in lower case and with dashes. */
  name: string;
  severity: 'critical' | 'warning';
  /** What is watched: it has data also while all is well, unless `rare`. */
  query: string;
  /** What is wrong with it: "> 600". */
  when: string;
  /** How long it has to be so. */
  lasts: string;
  /** One sentence; {{ $value }} is what was found. */
  summary: string;
  /** There is nothing to see until it happens for the first time. */
  rare?: boolean;
}

/** Nine out of ten jobs take seconds. Of all jobs, 99 % shall have ended, with their mail, within five minutes (recordings.ts). */
const granted = 0.01;
/** How many times faster than allowed late jobs use up what the objective grants: in a long window, and still in a short one. */
function burns(long: string, short: string): string {
  const [one, other] = [`darkroom:jobs_late:ratio${long}`, `darkroom:jobs_late:ratio${short}`];
  return `(${one} < ${other} or ${other} <= ${one}) / ${granted}`;
}

/** Reasons that no photo is to blame for. */
const ofTheMachine = 'late|failing|crash|hung|time|memory';

export const alerts: Alert[] = [
  {
    name: 'DarkroomOldestJob',
    severity: 'critical',
    query: 'max(max_over_time(darkroom_oldest_open_job_seconds[3m]))',
    when: '> 900',
    lasts: '2m',
    summary: 'A job has been open for {{ $value | humanizeDuration }}: somebody waits for prints.',
  },
  {
    name: 'DarkroomJobsStandStill',
    severity: 'warning',
    query: 'sum(darkroom:resumptions:increase5m)',
    when: '> 0',
    lasts: '10m',
    summary: 'For ten minutes, jobs have stood still and had to be resumed: {{ $value | humanize }} in the last five.',
    rare: true,
  },
  {
    name: 'DarkroomSweepSilent',
    severity: 'critical',
    query: 'time() - max(last_over_time(darkroom_last_look_timestamp_seconds[1h]))',
    when: '> 300',
    lasts: '0m',
    summary: 'sweep has not looked for open jobs for {{ $value | humanizeDuration }}: lost events stay lost.',
  },
  {
    name: 'DarkroomDeadLetters',
    severity: 'warning',
    query: 'sum by (stage) (darkroom:dead_letters:increase5m)',
    when: '> 0',
    lasts: '0m',
    summary: 'Events for {{ $labels.stage }} have exhausted their retries: {{ $value | humanize }} in five minutes.',
    rare: true,
  },
  {
    name: 'DarkroomMailSettings',
    severity: 'critical',
    query: 'sum(darkroom:mails:increase5m{outcome="misconfigured"})',
    when: '> 0',
    lasts: '0m',
    summary: 'The mail server refuses our sender, sign-in or key: no mail goes out.',
    rare: true,
  },
  {
    name: 'DarkroomStoreErrors',
    severity: 'critical',
    query: share(
      'rate(darkroom_store_call_duration_seconds_count{outcome="failed"}[5m])',
      'rate(darkroom_store_call_duration_seconds_count[5m])',
      'service',
    ),
    when: '> 0.02',
    lasts: '2m',
    summary: '{{ $value | humanizePercentage }} of the calls of {{ $labels.service }} to the store fail.',
  },
  {
    name: 'DarkroomPrintsFail',
    severity: 'warning',
    query: share(`darkroom:prints_rejected:increase5m{reason=~"${ofTheMachine}"}`, allPrints, 'revision'),
    when: '> 0.05',
    lasts: '2m',
    summary: '{{ $value | humanizePercentage }} of the prints of {{ $labels.revision }} fail, and the photos are not to blame.',
  },
  {
    name: 'DarkroomUploadsRefused',
    severity: 'warning',
    query: 'sum by (reason) (darkroom:uploads_refused:increase5m{reason=~"busy|storage_failed|storage_full|error"})',
    when: '> 0',
    lasts: '2m',
    summary: 'Posts are refused, and their senders are not to blame: {{ $labels.reason }}.',
    rare: true,
  },
  {
    name: 'DarkroomObjectiveBurnsFast',
    severity: 'critical',
    query: burns('1h', '5m'),
    when: '> 14.4',
    lasts: '2m',
    summary: 'So many jobs take more than five minutes that what the objective grants for a month is used up in two days.',
  },
  {
    name: 'DarkroomObjectiveBurnsSlowly',
    severity: 'warning',
    query: burns('6h', '30m'),
    when: '> 6',
    lasts: '15m',
    summary: 'So many jobs take more than five minutes that what the objective grants for a month is used up in five days.',
  },
  {
    name: 'DarkroomNotMeasured',
    severity: 'warning',
    query: 'absent_over_time(darkroom_start_duration_seconds_count[15m])',
    when: '> 0',
    lasts: '0m',
    summary: 'Nothing of Darkroom has been measured for a quarter of an hour: none of the other alerts can fire.',
    rare: true,
  },
];

/** "DarkroomOldestJob" is explained in docs/runbooks/oldest-job.md. */
export const runbookOf = ({ name }: Pick<Alert, 'name'>) =>
  `${name
    .replace(/^Darkroom/, '')
    .replace(/(?!^)[A-Z]/g, '-$&')
    .toLowerCase()}.md`;
