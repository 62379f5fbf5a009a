import type { Dashboard } from '../panel.ts';
import { either, grown, named, quantile, rate } from '../promql.ts';

const trigger = (query: string) => named(query, 'messaging_destination_name', 'trigger').replace('"(.*)"', '"trigger:(.*)[.].*"');
const dispatched = 'kn_eventing_dispatch_duration_seconds';
/** What the broker's filter of Knative 1.15 measures of its Triggers. */
const before = 'mt_broker_filter_event';
const beforeTrigger = (query: string) => named(query, 'trigger_name', 'trigger');
/** Answers that are followed by another attempt. */
const retried = '5..|404|408|409|429';

export const pipeline: Dashboard = {
  uid: 'darkroom-pipeline',
  title: 'Darkroom: pipeline',
  description: 'Events from stage to stage: broker, Triggers, retries, dead letters, what waits, and what the store does.',
  rows: [
    {
      title: 'Events',
      panels: [
        {
          title: 'Events published',
          description: 'By ingest and sweep; the other stages answer with theirs.',
          unit: 'ops',
          queries: [{ expr: rate('darkroom_events_published_total', 'type, outcome'), legend: '{{type}} {{outcome}}' }],
        },
        {
          title: 'Requests of people, by route and answer',
          description: 'To ingest, of either version; health probes left out.',
          unit: 'ops',
          queries: [
            { expr: rate('darkroom_http_request_duration_seconds_count', 'route, status'), legend: '{{route}} {{status}}' },
          ],
        },
        {
          title: 'Deliveries, by Trigger and answer',
          description: 'Attempts of the broker. 204 waits for others, 5xx is tried again, 4xx is not.',
          unit: 'ops',
          queries: [
            {
              expr: either(
                trigger(
                  rate(
                    `${dispatched}_count{messaging_destination_name!=""}`,
                    'messaging_destination_name, http_response_status_code',
                  ),
                ),
                named(
                  beforeTrigger(rate(`${before}_count`, 'trigger_name, response_code')),
                  'response_code',
                  'http_response_status_code',
                ),
              ),
              legend: '{{trigger}} {{http_response_status_code}}',
            },
          ],
        },
        {
          title: 'Seconds of a delivery, 95 of 100',
          description: 'How long a subscriber takes to answer, waiting for a cold start included.',
          unit: 's',
          queries: [
            {
              expr: either(
                trigger(quantile(0.95, dispatched, 'messaging_destination_name')),
                beforeTrigger(`${quantile(0.95, `${before}_dispatch_latencies`, 'trigger_name')} / 1000`),
              ),
              legend: '{{trigger}}',
            },
          ],
        },
        {
          title: 'Retries',
          description:
            'Attempts that failed and were followed by another. Knative does not count them: there, see the answers 5xx.',
          unit: 'ops',
          queries: [
            {
              expr: either(
                rate('knative_local_retries_total', 'trigger'),
                trigger(rate(`${dispatched}_count{http_response_status_code=~"${retried}"}`, 'messaging_destination_name')),
                beforeTrigger(rate(`${before}_count{response_code=~"${retried}"}`, 'trigger_name')),
              ),
              legend: '{{trigger}}',
              rare: true,
            },
          ],
        },
        {
          title: 'Dead letters in five minutes',
          description: 'Events that exhausted their retries, as sweep has recorded them: npm run dead-letters lists them.',
          queries: [
            {
              expr: 'sum by (stage, revision) (darkroom:dead_letters:increase5m)',
              legend: '{{stage}}, {{revision}}',
              rare: true,
            },
          ],
        },
        {
          title: 'On their way',
          description: 'Events that are being delivered or wait for the next attempt. On a cluster, the channel knows.',
          queries: [
            { expr: 'sum by (trigger) (knative_local_deliveries_under_way)', legend: '{{trigger}}', only: 'local' },
            {
              expr: either(
                named('sum by (kn_revision_name) (kn_revision_request_queued)', 'kn_revision_name', 'revision'),
                named('sum by (revision_name) (activator_request_concurrency)', 'revision_name', 'revision'),
              ),
              legend: '{{revision}} at the activator',
              only: 'cluster',
            },
          ],
        },
      ],
    },
    {
      title: 'Stages',
      panels: [
        {
          title: 'Seconds of a stage, 95 of 100',
          description: 'From the event to the answer, waiting for a worker included.',
          unit: 's',
          queries: [
            { expr: quantile(0.95, 'darkroom_stage_duration_seconds', 'service, revision'), legend: '{{service}}, {{revision}}' },
          ],
        },
        {
          title: 'Events handled, by outcome',
          description: 'emitted: the next event. waiting: for other prints, or another process has it. failed: tried again.',
          unit: 'ops',
          queries: [
            { expr: rate('darkroom_stage_duration_seconds_count', 'service, outcome'), legend: '{{service}} {{outcome}}' },
          ],
        },
        {
          title: 'Jobs resumed in five minutes',
          description: 'They stood still for half a minute, say because an event was lost, and sweep emitted what was missing.',
          queries: [{ expr: 'sum by (revision) (darkroom:resumptions:increase5m)', legend: '{{revision}}', rare: true }],
        },
        {
          title: 'Photos that wait for a worker',
          description: 'Beside those at work.',
          queries: [
            { expr: 'sum by (service) (darkroom_photos_waiting)', legend: '{{service}} waiting' },
            { expr: 'sum by (service) (darkroom_workers_busy)', legend: '{{service}} at work' },
          ],
        },
        {
          title: 'Workers, and how many are busy',
          description: 'At 100 % for long, photos wait.',
          unit: 'percentunit',
          queries: [
            { expr: 'sum by (service) (darkroom_workers_busy) / sum by (service) (darkroom_workers)', legend: '{{service}}' },
          ],
        },
        {
          title: 'Workers lost in five minutes',
          description: 'crash, time, memory, hung: over a photo. killed, stuck: the machine.',
          queries: [
            {
              // Rare and in pods that live for a minute: rate() would miss the first, and mostly there is no second.
              expr: grown('darkroom_workers_lost_total', '5m', 'service, reason'),
              legend: '{{service}}: {{reason}}',
              rare: true,
            },
          ],
        },
      ],
    },
    {
      title: 'Store and processes',
      panels: [
        {
          title: 'Seconds of a call to the store, 95 of 100',
          description: 'Those of workers included.',
          unit: 's',
          queries: [{ expr: quantile(0.95, 'darkroom_store_call_duration_seconds', 'call'), legend: '{{call}}' }],
        },
        {
          title: 'Calls to the store',
          description: 'By service and outcome.',
          unit: 'ops',
          queries: [
            { expr: rate('darkroom_store_call_duration_seconds_count', 'service, outcome'), legend: '{{service}} {{outcome}}' },
          ],
        },
        {
          title: 'Processor and memory',
          description: 'Without workers.',
          queries: [
            { expr: rate('process_cpu_seconds_total{service!=""}', 'service'), legend: '{{service}} processors' },
            { expr: 'sum by (service) (process_resident_memory_bytes{service!=""}) / 1e9', legend: '{{service}} GB' },
          ],
        },
      ],
    },
  ],
};
