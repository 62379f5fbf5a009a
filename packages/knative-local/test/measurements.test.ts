import { expect, test } from 'vitest';
import { both } from '../src/broker/observer.ts';
import { createBrokers } from '../src/broker/broker.ts';
import { createJournal } from '../src/journal/journal.ts';
import type { ServiceSpec, TriggerSpec } from '../src/manifest/topology.ts';
import { createMeasurements } from '../src/metrics/measurements.ts';
import type { Replica } from '../src/process/revision.ts';
import { eventually } from './broker-suite/subject.ts';
import { testClock } from './clock.ts';
import { destination, startSubscriber } from './subscriber.ts';

const delivery = { retry: 1, backoffPolicy: 'linear' as const, backoffDelay: 0, timeout: 5000 };

test('attempts, retries and ends of deliveries, by the names that Knative has for them; and whoever else observes still does', async () => {
  const stage = await startSubscriber((response) => response.writeHead(503).end());
  const sink = await startSubscriber((response) => response.writeHead(202).end());
  const clock = testClock();
  const journal = createJournal({ bounds: { count: 10, bytes: 10_000 }, correlation: undefined, clock });
  const measured = createMeasurements(() => ({ topology: undefined, replicas: [] }));
  const resolve = (wanted: object) => destination('service' in wanted && wanted.service === 'sink' ? sink.url : stage.url);
  const brokers = createBrokers(resolve, () => undefined, clock, both(journal, measured.observer));
  const trigger: TriggerSpec = {
    name: 'stage',
    broker: 'default',
    filters: [],
    attributes: {},
    subscriber: { service: 'stage' },
    delivery: { ...delivery, deadLetterSink: { service: 'sink' } },
  };
  brokers.apply({ brokers: [{ name: 'default', delivery }], triggers: [trigger] });
  const attributes = new Map(Object.entries({ specversion: '1.0', id: '1', source: '/test', type: 'test' }));
  brokers.publish('default', { event: { attributes, data: Buffer.alloc(0) }, headers: {} });
  await eventually(() => expect(journal.find(1)?.deliveries[0]?.attempts).toHaveLength(1));
  await clock.advance(0);
  await eventually(() => expect(journal.find(1)?.deliveries[0]?.state).toBe('dead letter'));

  const text = await measured.text();
  const dispatched = (status: number) =>
    `kn_eventing_dispatch_duration_seconds_count{kn_broker_name="default",kn_broker_namespace="default",cloudevents_type="test",messaging_destination_name="trigger:stage.default",http_response_status_code="${status}"}`;
  for (const line of [
    'knative_local_events_accepted_total{kn_broker_name="default",cloudevents_type="test"} 1',
    `${dispatched(503)} 2`,
    `${dispatched(202)} 1`,
    'knative_local_retries_total{trigger="stage"} 1',
    'knative_local_deliveries_total{trigger="stage",end="dead letter"} 1',
    'knative_local_deliveries_under_way{trigger="stage"} 0',
  ])
    expect(text.split('\n')).toContain(line);
});

test('processes of a revision as it is to have them and as they are, and its share of traffic', async () => {
  const services = [
    {
      name: 'hello',
      revisions: [{ name: 'hello-v1' }, { name: 'hello-v2' }],
      traffic: [
        { revision: 'hello-v1', percent: 60 },
        { revision: 'hello-v1', percent: 20, tag: 'old' },
        { revision: 'hello-v2', percent: 20 },
      ],
    },
  ] as unknown as ServiceSpec[];
  const replicas = [
    { spec: { name: 'hello-v1' }, ready: true },
    { spec: { name: 'hello-v1' }, ready: false },
    { spec: { name: 'hello-v1' }, ready: true, leaving: 1 },
  ] as unknown as Replica[];
  const topology = { services, brokers: [], triggers: [], pings: [], eventTypes: [] };
  const text = await createMeasurements(() => ({ topology, replicas })).text();
  const values = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}{.*kn_revision_name="(.*)"} (\\d+)$`, 'gm'))].map(([, revision, value]) => [
      revision,
      value,
    ]);
  expect(values('kn_revision_pods_desired')).toEqual([
    ['hello-v1', '2'],
    ['hello-v2', '0'],
  ]);
  expect(values('kn_revision_pods_count')).toEqual([
    ['hello-v1', '1'],
    ['hello-v2', '0'],
  ]);
  expect(values('kn_revision_pods_not_ready_count')).toEqual([
    ['hello-v1', '1'],
    ['hello-v2', '0'],
  ]);
  expect(values('kn_revision_pods_terminating_count')).toEqual([
    ['hello-v1', '1'],
    ['hello-v2', '0'],
  ]);
  expect(values('knative_local_traffic_percent')).toEqual([
    ['hello-v1', '80'],
    ['hello-v2', '20'],
  ]);
});
