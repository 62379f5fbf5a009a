import type { Destination } from '../../manifest/topology.ts';
import { fieldOf, type Fields, type KubeObject } from '../model/object.ts';
import { type Condition, condition, withReady } from './conditions.ts';
import { brokerUrlOf, type Situation, urlOf } from './situation.ts';

/** The status of what carries events. Whatever is in effect is ready: what could not be resolved was refused before. */
export function eventingStatus(object: KubeObject, situation: Situation): Fields | undefined {
  const { name, generation: observedGeneration } = object.metadata;
  const { brokers, triggers, pings } = situation.topology;
  const named = <Each extends { name: string }>(all: Each[]) => all.find((each) => each.name === name);
  const address = (destination: Destination | undefined) => destination && addressOf(destination, situation);
  const ready = (types: string[], ...others: Condition[]) => ({
    observedGeneration,
    conditions: withReady([...types.map((type) => condition(type, true)), ...others]),
  });
  // A cluster has these as well, and the same unless somebody turns OpenID Connect on.
  const anyone = condition('EventPoliciesReady', true, {}, { reason: 'OIDCDisabled' });
  const anonymous = condition('OIDCIdentityCreated', true, {}, { reason: 'authentication-oidc feature disabled' });
  switch (object.kind) {
    case 'Broker':
      return {
        ...ready(['Addressable', 'FilterReady', 'IngressReady', 'TriggerChannelReady', 'DeadLetterSinkResolved'], anyone),
        address: { name: 'http', url: brokerUrlOf(situation, name) },
        deadLetterSinkUri: address(named(brokers)?.delivery.deadLetterSink),
      };
    case 'Trigger':
      return {
        ...ready(
          ['BrokerReady', 'DeadLetterSinkResolved', 'DependencyReady', 'SubscriberResolved', 'SubscriptionReady'],
          anonymous,
        ),
        subscriberUri: address(named(triggers)?.subscriber),
        deadLetterSinkUri: address(named(triggers)?.delivery.deadLetterSink),
      };
    case 'PingSource': {
      const source = `/apis/v1/namespaces/${situation.namespace}/pingsources/${name}`;
      return {
        ...ready(['Deployed', 'SinkProvided'], anonymous),
        sinkUri: address(named(pings)?.sink),
        ceAttributes: [{ source, type: 'dev.knative.sources.ping' }],
      };
    }
    case 'EventType': {
      const reference = fieldOf(object, 'spec.reference') as { kind: string; name: string } | undefined;
      const exists = reference === undefined || situation.decisions.has(`${reference.kind}/${reference.name}`);
      const otherwise = { reason: 'ReferenceMissing', message: `There is no ${reference?.kind} ${reference?.name}` };
      return { observedGeneration, conditions: withReady([condition('ReferenceExists', exists, otherwise)]) };
    }
    default:
      return undefined;
  }
}

function addressOf(destination: Destination, situation: Situation): string {
  if ('url' in destination) return destination.url;
  return 'service' in destination ? urlOf(situation, destination.service) : brokerUrlOf(situation, destination.broker);
}
