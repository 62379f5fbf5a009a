import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { namespace } from '../broker/address.ts';
import type { Observer } from '../broker/observer.ts';
import type { Topology } from '../manifest/topology.ts';
import type { Replica } from '../process/revision.ts';

/** What the runtime itself measures: as far as Knative measures it too, by the same names, so that the same dashboard shows both. */
export interface Measurements {
  observer: Observer;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

/** As Knative's own histograms have them, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** @param present what is in effect, and the processes that are there */
export function createMeasurements(
  present: () => { topology: Topology | undefined; replicas: readonly Replica[] },
): Measurements {
  const registry = new Registry();
  const registers = [registry];
  const accepted = new Counter({
    name: 'knative_local_events_accepted_total',
    help: 'Events that a Broker accepted, replies included',
    labelNames: ['kn_broker_name', 'cloudevents_type'],
    registers,
  });
  const refused = new Counter({
    name: 'knative_local_events_refused_total',
    help: 'Events that a Broker did not accept, by the HTTP status of its answer',
    labelNames: ['kn_broker_name', 'http_response_status_code'],
    registers,
  });
  const dispatch = new Histogram({
    name: 'kn_eventing_dispatch_duration_seconds',
    help: 'Attempts to deliver an event to the subscriber of a Trigger, or to its dead letter sink',
    labelNames: [
      'kn_broker_name',
      'kn_broker_namespace',
      'cloudevents_type',
      'messaging_destination_name',
      'http_response_status_code',
    ],
    buckets,
    registers,
  });
  const retries = new Counter({
    name: 'knative_local_retries_total',
    help: 'Attempts that failed and were followed by another',
    labelNames: ['trigger'],
    registers,
  });
  const ends = new Counter({
    name: 'knative_local_deliveries_total',
    help: 'Deliveries that ended: delivered, dead letter, lost or stopped',
    labelNames: ['trigger', 'end'],
    registers,
  });
  const underWay = new Gauge({
    name: 'knative_local_deliveries_under_way',
    help: 'Events that are being delivered, or wait for the next attempt',
    labelNames: ['trigger'],
    registers,
  });
  const revisionLabels = ['k8s_namespace_name', 'kn_service_name', 'kn_configuration_name', 'kn_revision_name'] as const;
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: revisionLabels, registers });
  const wanted = gauge('kn_revision_pods_desired', 'Processes that a revision is to have');
  const ready = gauge('kn_revision_pods_count', 'Processes that are ready');
  const notReady = gauge('kn_revision_pods_not_ready_count', 'Processes that are starting');
  const leaving = gauge('kn_revision_pods_terminating_count', 'Processes that only finish their requests');
  const share = gauge('knative_local_traffic_percent', 'The share of requests that a revision is to have');

  const observer: Observer = {
    refused(_event, origin, { status }) {
      if ('broker' in origin) refused.inc({ kn_broker_name: origin.broker, http_response_status_code: status });
    },
    event(event, origin) {
      const broker = 'broker' in origin ? origin.broker : undefined;
      const type = event.attributes.get('type') ?? '';
      if (broker !== undefined) accepted.inc({ kn_broker_name: broker, cloudevents_type: type });
      return {
        delivery(trigger) {
          underWay.inc({ trigger });
          const labels = {
            kn_broker_name: broker ?? '',
            kn_broker_namespace: namespace,
            cloudevents_type: type,
            messaging_destination_name: `${broker === undefined ? 'ping' : 'trigger'}:${trigger}.${namespace}`,
          };
          return {
            attempt() {
              const begun = performance.now();
              return (outcome, wait) => {
                if (!outcome) return;
                const status = String(outcome.status ?? ('error' in outcome ? outcome.error?.code : undefined) ?? '');
                dispatch.observe({ ...labels, http_response_status_code: status }, (performance.now() - begun) / 1000);
                if (wait !== undefined) retries.inc({ trigger });
              };
            },
            reply: observer.event,
            end(how) {
              underWay.dec({ trigger });
              ends.inc({ trigger, end: how });
            },
          };
        },
      };
    },
  };

  function look(): void {
    for (const each of [wanted, ready, notReady, leaving, share]) each.reset();
    const { topology, replicas } = present();
    for (const { name: service, revisions, traffic } of topology?.services ?? [])
      for (const { name: revision } of revisions) {
        const labels = {
          k8s_namespace_name: namespace,
          kn_service_name: service,
          kn_configuration_name: service,
          kn_revision_name: revision,
        };
        const own = replicas.filter(({ spec }) => spec.name === revision);
        const staying = own.filter((replica) => replica.leaving === undefined);
        wanted.set(labels, staying.length);
        ready.set(labels, staying.filter((replica) => replica.ready).length);
        notReady.set(labels, staying.filter((replica) => !replica.ready).length);
        leaving.set(labels, own.length - staying.length);
        const targets = traffic.filter((target) => target.revision === revision);
        const percent = targets.reduce((sum, target) => sum + target.percent, 0);
        share.set(labels, percent);
      }
  }

  return {
    observer,
    text() {
      look();
      return registry.metrics();
    },
  };
}
