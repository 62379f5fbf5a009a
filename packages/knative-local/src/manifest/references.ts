import type { Document } from './document.ts';
import type { BrokerSpec, Destination, PingSpec, Topology, TriggerSpec } from './topology.ts';

type Written<Spec> = Spec & { document: Document };

interface References {
  brokers: Written<BrokerSpec>[];
  triggers: Written<TriggerSpec>[];
  pings: Written<PingSpec>[];
  services: Topology['services'];
}

/** References that lead nowhere. A cluster would accept them and deliver nothing; here they are reported at once. */
export function referenceFaults({ brokers, triggers, pings, services }: References): string[] {
  const faults: string[] = [];
  for (const { document, delivery } of brokers) follow(document, ['spec', 'delivery', 'deadLetterSink'], delivery.deadLetterSink);
  for (const { document, broker, subscriber, delivery } of triggers) {
    if (!brokers.some(({ name }) => name === broker))
      faults.push(document.fault(['spec', 'broker'], `there is no Broker ${broker}${choice(brokers)}`));
    follow(document, ['spec', 'subscriber'], subscriber);
    // An inherited sink was already checked where it is written.
    const inherited = brokers.some((each) => each.delivery.deadLetterSink === delivery.deadLetterSink);
    if (!inherited) follow(document, ['spec', 'delivery', 'deadLetterSink'], delivery.deadLetterSink);
  }
  for (const { document, sink } of pings) follow(document, ['spec', 'sink'], sink);
  return faults;

  function follow(document: Document, path: string[], destination: Destination | undefined) {
    if (!destination || 'url' in destination) return;
    const [kind, name, known] =
      'service' in destination ? ['Service', destination.service, services] : ['Broker', destination.broker, brokers];
    if (!known.some((each) => each.name === name))
      faults.push(document.fault([...path, 'ref', 'name'], `there is no ${kind} ${name}${choice(known)}`));
  }
}

function choice(known: { name: string }[]): string {
  return known.length === 0 ? '' : `; there is ${known.map(({ name }) => name).join(', ')}`;
}
