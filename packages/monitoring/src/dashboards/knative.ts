import type { Dashboard } from '../panel.ts';
import { either, grown, named, rate } from '../promql.ts';

const revision = (query: string, from: string) => named(query, from, 'revision');
/** A gauge of the autoscaler: the name of today (OpenTelemetry), and that of Knative 1.15. */
const pods = (today: string, before: string) =>
  either(
    revision(`max by (kn_revision_name) (${today})`, 'kn_revision_name'),
    revision(`max by (revision_name) (${before})`, 'revision_name'),
  );

export const knative: Dashboard = {
  uid: 'darkroom-knative',
  title: 'Darkroom: Knative',
  description: 'Revisions, pods, scaling and cold starts, under the names of today and of Knative 1.15.',
  rows: [
    {
      title: 'The split',
      panels: [
        {
          title: 'As wanted',
          description: 'Percent of requests. Knative itself exposes no such metric: kubectl get ksvc ingest shows it.',
          unit: 'percent',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: revision(
                'sum by (kn_revision_name) (knative_local_traffic_percent{kn_service_name="ingest"})',
                'kn_revision_name',
              ),
              legend: '{{revision}}',
              only: 'local',
            },
          ],
        },
        {
          title: 'As seen',
          description: 'Percent of the jobs that were accepted in five minutes.',
          unit: 'percent',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: '100 * sum by (revision) (darkroom:jobs_accepted:increase5m) / on () group_left () (sum(darkroom:jobs_accepted:increase5m) > 0)',
              legend: '{{revision}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Scaling',
      panels: [
        {
          title: 'Pods wanted',
          description: 'By the autoscaler.',
          queries: [{ expr: pods('kn_revision_pods_desired', 'autoscaler_desired_pods'), legend: '{{revision}}' }],
        },
        {
          title: 'Pods ready',
          description: 'None, where a function has scaled to zero.',
          queries: [{ expr: pods('kn_revision_pods_count', 'autoscaler_actual_pods'), legend: '{{revision}}' }],
        },
        {
          title: 'Pods starting',
          description: 'For long: a node is full, or an image cannot be pulled.',
          queries: [{ expr: pods('kn_revision_pods_not_ready_count', 'autoscaler_not_ready_pods'), legend: '{{revision}}' }],
        },
        {
          title: 'Requests at a time, as the autoscaler counts them',
          description: 'Over the stable window.',
          queries: [
            {
              expr: pods('kn_revision_concurrency_stable', 'autoscaler_stable_request_concurrency'),
              legend: '{{revision}}',
              only: 'cluster',
            },
          ],
        },
        {
          title: 'Panic mode',
          description: '1 while a burst is answered with more pods at once.',
          queries: [{ expr: pods('kn_revision_panic_mode', 'autoscaler_panic_mode'), legend: '{{revision}}', only: 'cluster' }],
        },
        {
          title: 'Requests that wait at the activator',
          description: 'For a pod that is starting, or for room in one.',
          queries: [
            {
              expr: pods('kn_revision_request_queued or kn_revision_request_concurrency', 'activator_request_concurrency'),
              legend: '{{revision}}',
              only: 'cluster',
            },
          ],
        },
      ],
    },
    {
      title: 'Requests and starts',
      panels: [
        {
          title: 'Requests of revisions, by status',
          description: 'As their queue-proxies count them.',
          unit: 'ops',
          queries: [
            {
              expr: either(
                named(
                  revision(
                    rate('kn_serving_invocation_duration_seconds_count', 'kn_revision_name, http_response_status_code'),
                    'kn_revision_name',
                  ),
                  'http_response_status_code',
                  'status',
                ),
                named(
                  revision(rate('revision_request_count', 'revision_name, response_code'), 'revision_name'),
                  'response_code',
                  'status',
                ),
              ),
              legend: '{{revision}} {{status}}',
              only: 'cluster',
            },
          ],
        },
        {
          title: 'Cold starts',
          description: 'Processes that have started in this time.',
          kind: 'stat',
          queries: [{ expr: grown('darkroom_start_duration_seconds_count', '$__range', 'service'), legend: '{{service}}' }],
        },
        {
          title: 'Seconds from the start of a process until it accepts requests',
          description: 'On average. Scheduling and pulling come on top of it.',
          unit: 's',
          queries: [
            {
              expr: 'sum by (service) (darkroom_start_duration_seconds_sum) / sum by (service) (darkroom_start_duration_seconds_count)',
              legend: '{{service}}',
            },
          ],
        },
      ],
    },
  ],
};
