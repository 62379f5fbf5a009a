/** Where Brokers differ. Everything else that the suite asserts holds for all of them; docs/conformance.md says why. */
export interface Behaviour {
  /** The answer to an event for a Broker that does not exist. */
  unknownBroker: 400 | 404;
  /** The answer to an event of CloudEvents 0.3. */
  oldEvent: 202 | 400;
  /** Whether the header `baggage` reaches subscribers. */
  baggage: boolean;
  /** Whether publishers are answered before subscribers have done their work. */
  asynchronous: boolean;
  /** What becomes of a subscriber's 302: a failed delivery, or a GET of the new address without the event. */
  redirect: 'fails' | 'followed';
  /** Why an error body of more than 768 bytes must not be tried. */
  longErrorBody?: string;
}

export const local: Behaviour = {
  unknownBroker: 404,
  oldEvent: 400,
  baggage: false,
  asynchronous: true,
  redirect: 'fails',
};

export type KnativeVersion = '1.15' | '1.22';

/**
 * Knative's MTChannelBasedBroker over an InMemoryChannel.
 * @param asynchronous whether the channel is told to be, by messaging.knative.dev/async-handler
 */
export function knative(version: KnativeVersion, asynchronous: boolean): Behaviour {
  return {
    unknownBroker: version === '1.15' ? 400 : 404,
    oldEvent: 202,
    // The asynchronous handler of 1.22 starts from an empty context, and takes nothing but the span along.
    baggage: version === '1.22' && !asynchronous,
    asynchronous,
    redirect: 'followed',
    longErrorBody:
      'it ends the dispatcher of all in-memory channels (index out of range in base64.Encode), and what they hold is lost',
  };
}
