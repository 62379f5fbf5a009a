import type { Destination } from '../manifest/topology.ts';
import { condition, withReady } from './conditions.ts';
import type { Situation } from './situation.ts';
import { fieldOf, type Fields, type KubeObject } from './object.ts';

/** The status of what carries events. Whatever is in effect is ready: what could not be resolved was refused before. */
export function followingEventing(object: KubeObject, situation: Situation): { status?: Fields } {
  const { name, generation: observedGeneration } = object.metadata;
  const status = (types: string[], rest: Fields = {}, inEffect = true) => {
    const otherwise = { reason: 'NotInEffect', message: 'The runtime does not have it' };
    return {
      status: { observedGeneration, conditions: withReady(types.map((type) => condition(type, inEffect, otherwise))), ...rest },
    };
  };
  const { brokers, triggers, pings } = situation.topology;
  switch (object.kind) {
    case 'Broker': {
      const found = brokers.find((each) => each.name === name);
      const sink = addressOf(found?.delivery.deadLetterSink, situation);
      const address = { name: 'http', url: situation.brokerUrlOf(name) };
      return status(
        ['Addressable', 'FilterReady', 'IngressReady', 'TriggerChannelReady', 'DeadLetterSinkResolved'],
        { address, ...(sink && { deadLetterSinkUri: sink }) },
        found !== undefined,
      );
    }
    case 'Trigger': {
      const found = triggers.find((each) => each.name === name);
      const sink = addressOf(found?.delivery.deadLetterSink, situation);
      const types = ['BrokerReady', 'DeadLetterSinkResolved', 'DependencyReady', 'SubscriberResolved', 'SubscriptionReady'];
      return status(
        types,
        { subscriberUri: addressOf(found?.subscriber, situation), ...(sink && { deadLetterSinkUri: sink }) },
        found !== undefined,
      );
    }
    case 'PingSource': {
      const found = pings.find((each) => each.name === name);
      const source = `/apis/v1/namespaces/${situation.namespace}/pingsources/${name}`;
      const ceAttributes = [{ source, type: 'dev.knative.sources.ping' }];
      return status(
        ['Deployed', 'SinkProvided'],
        { sinkUri: addressOf(found?.sink, situation), ceAttributes },
        found !== undefined,
      );
    }
    case 'EventType': {
      const reference = fieldOf(object, 'spec.reference') as { kind: string; name: string } | undefined;
      const exists = reference === undefined || situation.decisions.has(`${reference.kind}/${reference.name}`);
      const otherwise = { reason: 'ReferenceMissing', message: `There is no ${reference?.kind} ${reference?.name}` };
      return { status: { observedGeneration, conditions: withReady([condition('ReferenceExists', exists, otherwise)]) } };
    }
    default:
      return {};
  }
}

function addressOf(destination: Destination | undefined, { urlOf, brokerUrlOf }: Situation): string | undefined {
  if (!destination) return undefined;
  if ('url' in destination) return destination.url;
  return 'service' in destination ? urlOf(destination.service) : brokerUrlOf(destination.broker);
}
