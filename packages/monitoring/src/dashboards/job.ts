import type { Dashboard } from '../panel.ts';

export const job: Dashboard = {
  uid: 'darkroom-job',
  title: 'Darkroom: one job',
  description: 'Metrics know no single job: its trace and its lines in the log do. Needs Tempo and Loki, and LOG_FORMAT=json.',
  variables: [{ name: 'job', type: 'textbox', label: 'Job', query: '', current: { text: '', value: '' } }],
  rows: [
    {
      title: 'The job $job',
      panels: [
        {
          title: 'Its traces',
          description: 'One from the post to the mail; a resumption minutes later is part of it.',
          kind: 'table',
          source: 'tempo',
          width: 24,
          queries: [{ expr: '{ span.darkroom.job = "$job" }', only: 'cluster' }],
        },
        {
          title: 'Its lines in the log',
          description: 'Of all stages, in order.',
          kind: 'logs',
          source: 'loki',
          width: 24,
          queries: [{ expr: '{namespace="darkroom"} | json | job = "$job"', only: 'cluster' }],
        },
      ],
    },
  ],
};
