import { CloudEvent, HTTP, type Message } from 'cloudevents';
import type { Context } from 'faas-js-runtime';

/** Answers a greeting with a louder one. */
const handle = async (_context: Context, event?: CloudEvent<{ greeting: string }>): Promise<Message> => {
  const greeting = event?.data?.greeting.toUpperCase() ?? '';
  return HTTP.binary(new CloudEvent({ source: '/shout', type: 'greeting.shouted', data: { greeting } }));
};

export { handle };
