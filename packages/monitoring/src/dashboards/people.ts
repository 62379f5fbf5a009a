import type { Dashboard } from '../panel.ts';
import { grown, share } from '../promql.ts';
import { allPrints } from '../recordings.ts';

const inRange = (metric: string, by: string) => grown(metric, '$__range', by);
const seconds = (part: number) =>
  `histogram_quantile(${part}, sum by (revision, le) (darkroom:job_duration_seconds_bucket:increase5m))`;

export const people: Dashboard = {
  uid: 'darkroom-people',
  title: 'Darkroom: people',
  description:
    'What people get and how long they wait, version beside version. A revision is that of ingest which accepted the job.',
  rows: [
    {
      title: 'In this time',
      panels: [
        {
          title: 'Jobs accepted',
          description: 'A post that is repeated with its Idempotency-Key counts once.',
          kind: 'stat',
          width: 6,
          queries: [{ expr: inRange('darkroom_jobs_accepted_total', 'revision'), legend: '{{revision}}' }],
        },
        {
          title: 'Jobs ended',
          description: 'Completed: with at least one print. Mail failed: the prints are on the page only.',
          kind: 'stat',
          width: 6,
          queries: [
            {
              expr: inRange('darkroom_jobs_ended_total', 'revision, outcome, mail'),
              legend: '{{revision}} {{outcome}}, mail {{mail}}',
            },
          ],
        },
        {
          title: 'Open jobs',
          description: 'Accepted and without an end, when sweep last looked.',
          kind: 'stat',
          width: 6,
          queries: [{ expr: 'max(darkroom_open_jobs)', legend: 'jobs' }],
        },
        {
          title: 'The oldest open job',
          description: 'How long somebody has been waiting, when sweep last looked.',
          kind: 'stat',
          unit: 's',
          width: 6,
          queries: [{ expr: 'max(darkroom_oldest_open_job_seconds)', legend: 'age' }],
        },
      ],
    },
    {
      title: 'Version beside version',
      panels: [
        {
          title: 'Jobs accepted in five minutes',
          description: 'How traffic is really split.',
          stacked: true,
          queries: [{ expr: 'sum by (revision) (darkroom:jobs_accepted:increase5m)', legend: '{{revision}}' }],
        },
        {
          title: 'From acceptance to the end, half of all jobs',
          description: 'Half of the jobs that ended in the last five minutes took no longer, mail included.',
          unit: 's',
          queries: [{ expr: seconds(0.5), legend: '{{revision}}' }],
        },
        {
          title: 'From acceptance to the end, 95 of 100 jobs',
          description: 'The objective is that 99 of 100 take less than five minutes.',
          unit: 's',
          queries: [{ expr: seconds(0.95), legend: '{{revision}}' }],
        },
        {
          title: 'Jobs without a print',
          description: 'The share of jobs that ended without any print.',
          unit: 'percentunit',
          queries: [
            {
              expr: share('darkroom:jobs_ended:increase5m{outcome="failed"}', 'darkroom:jobs_ended:increase5m', 'revision'),
              legend: '{{revision}}',
              rare: true,
            },
          ],
        },
        {
          title: 'Prints rejected',
          description: 'The share of prints that could not be made, for whatever reason.',
          unit: 'percentunit',
          queries: [
            {
              expr: share('darkroom:prints_rejected:increase5m', allPrints, 'revision'),
              legend: '{{revision}}',
              rare: true,
            },
          ],
        },
        {
          title: 'Jobs without a mail',
          description: 'The share of jobs whose mail could not be sent.',
          unit: 'percentunit',
          queries: [
            {
              expr: share('darkroom:jobs_ended:increase5m{mail="failed"}', 'darkroom:jobs_ended:increase5m', 'revision'),
              legend: '{{revision}}',
              rare: true,
            },
          ],
        },
      ],
    },
    {
      title: 'Why',
      panels: [
        {
          title: 'Prints rejected, by reason',
          description:
            'damaged, unsupported, too_large: the photo. time, memory, crash, hung: it took a worker down. late, failing: sweep gave up.',
          stacked: true,
          queries: [
            {
              expr: 'sum by (filter, reason) (darkroom:prints_rejected:increase5m)',
              legend: '{{filter}}: {{reason}}',
              rare: true,
            },
          ],
        },
        {
          title: 'Posts refused, by reason',
          description: 'busy, storage_failed, storage_full and error are our fault; all else is the sender’s.',
          stacked: true,
          queries: [{ expr: 'sum by (reason) (darkroom:uploads_refused:increase5m)', legend: '{{reason}}', rare: true }],
        },
        {
          title: 'Attempts to send a mail, by outcome',
          description: 'misconfigured: the mail server refuses us, and an operator must act.',
          stacked: true,
          queries: [{ expr: 'sum by (outcome) (darkroom:mails:increase5m)', legend: '{{outcome}}' }],
        },
        {
          title: 'Attempts to deliver a webhook, by outcome',
          description: 'refused: an address that is not public, or gone. Both failed and refused are mostly the target’s fault.',
          stacked: true,
          queries: [{ expr: 'sum by (outcome) (darkroom:webhooks:increase5m)', legend: '{{outcome}}', rare: true }],
        },
      ],
    },
  ],
};
