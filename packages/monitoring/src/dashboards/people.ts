import type { WrittenCharts } from 'knative-local/charts/description';
import type { Dashboard } from '../panel.ts';
import { panelOf } from '../chart-panel.ts';

/** The same for the console on one machine, and for Grafana. */
export const peopleCharts: WrittenCharts = {
  window: 300,
  rows: [
    {
      title: 'In this time',
      charts: [
        {
          title: 'Jobs accepted',
          description: 'A post that is repeated with its Idempotency-Key counts once.',
          look: 'figures',
          measure: { growth: { counters: ['darkroom_jobs_accepted_total'] } },
          by: ['revision'],
          legend: '{{revision}}',
        },
        {
          title: 'Jobs ended',
          description: 'Completed: with at least one print. Mail failed: the prints are on the page only.',
          look: 'figures',
          measure: { growth: { counters: ['darkroom_jobs_ended_total'] } },
          by: ['revision', 'outcome', 'mail'],
          legend: '{{revision}} {{outcome}}, mail {{mail}}',
        },
        {
          title: 'Open jobs',
          description: 'Accepted and without an end, when sweep last looked.',
          look: 'figures',
          measure: { gauge: 'darkroom_open_jobs' },
          legend: 'jobs',
        },
        {
          title: 'The oldest open job',
          description: 'How long somebody has been waiting, when sweep last looked.',
          look: 'figures',
          unit: 'seconds',
          measure: { gauge: 'darkroom_oldest_open_job_seconds' },
          legend: 'age',
        },
      ],
    },
    {
      title: 'Version beside version',
      charts: [
        {
          title: 'Jobs accepted in five minutes',
          description: 'How traffic is really split.',
          look: 'areas',
          measure: { growth: { counters: ['darkroom_jobs_accepted_total'] } },
          by: ['revision'],
          legend: '{{revision}}',
        },
        {
          title: 'From acceptance to the end, half of all jobs',
          description: 'Half of the jobs that ended in the last five minutes took no longer, mail included.',
          look: 'lines',
          unit: 'seconds',
          measure: { quantile: 0.5, histogram: 'darkroom_job_duration_seconds' },
          by: ['revision'],
          legend: '{{revision}}',
        },
        {
          title: 'From acceptance to the end, 95 of 100 jobs',
          description: 'The objective is that 99 of 100 take less than five minutes.',
          look: 'lines',
          unit: 'seconds',
          measure: { quantile: 0.95, histogram: 'darkroom_job_duration_seconds' },
          by: ['revision'],
          legend: '{{revision}}',
        },
        {
          title: 'Jobs without a print',
          description: 'The share of jobs that ended without any print.',
          look: 'lines',
          unit: 'share',
          measure: {
            share: { counters: ['darkroom_jobs_ended_total'], where: { outcome: 'failed' } },
            of: { counters: ['darkroom_jobs_ended_total'] },
          },
          by: ['revision'],
          legend: '{{revision}}',
        },
        {
          title: 'Prints rejected',
          description: 'The share of prints that could not be made, for whatever reason.',
          look: 'lines',
          unit: 'share',
          measure: {
            share: { counters: ['darkroom_prints_rejected_total'] },
            of: { counters: ['darkroom_prints_made_total', 'darkroom_prints_rejected_total'] },
          },
          by: ['revision'],
          legend: '{{revision}}',
        },
        {
          title: 'Jobs without a mail',
          description: 'The share of jobs whose mail could not be sent.',
          look: 'lines',
          unit: 'share',
          measure: {
            share: { counters: ['darkroom_jobs_ended_total'], where: { mail: 'failed' } },
            of: { counters: ['darkroom_jobs_ended_total'] },
          },
          by: ['revision'],
          legend: '{{revision}}',
        },
      ],
    },
    {
      title: 'Why',
      charts: [
        {
          title: 'Prints rejected, by reason',
          description:
            'damaged, unsupported, too_large: the photo. time, memory, crash, hung: it took a worker down. late, failing: sweep gave up.',
          look: 'areas',
          measure: { growth: { counters: ['darkroom_prints_rejected_total'] } },
          by: ['filter', 'reason'],
          legend: '{{filter}}: {{reason}}',
        },
        {
          title: 'Posts refused, by reason',
          description: 'busy, storage_failed, storage_full and error are our fault; all else is the sender’s.',
          look: 'areas',
          measure: { growth: { counters: ['darkroom_uploads_refused_total'] } },
          by: ['reason'],
          legend: '{{reason}}',
        },
        {
          title: 'Attempts to send a mail, by outcome',
          description: 'misconfigured: the mail server refuses us, and an operator must act.',
          look: 'areas',
          measure: { growth: { counters: ['darkroom_mails_total'] } },
          by: ['outcome'],
          legend: '{{outcome}}',
        },
        {
          title: 'Attempts to deliver a webhook, by outcome',
          description: 'refused: an address that is not public, or gone. Both failed and refused are mostly the target’s fault.',
          look: 'areas',
          measure: { growth: { counters: ['darkroom_webhooks_total'] } },
          by: ['outcome'],
          legend: '{{outcome}}',
        },
      ],
    },
  ],
};

export const people: Dashboard = {
  uid: 'darkroom-people',
  title: 'Darkroom: people',
  description:
    'What people get and how long they wait, version beside version. A revision is that of ingest which accepted the job.',
  rows: peopleCharts.rows.map(({ title, charts }) => ({ title, panels: charts.map(panelOf) })),
};
