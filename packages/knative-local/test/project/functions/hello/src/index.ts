import { CloudEvent, HTTP } from 'cloudevents';
import type { Context, StructuredReturn } from 'faas-js-runtime';

/** GET greets; POST sends the greeting on its way as an event. */
const handle = async (context: Context, body?: { name?: string }): Promise<StructuredReturn> => {
  const greeting = `${process.env['GREETING']}, ${body?.name ?? 'you'}`;
  const headers = { 'content-type': 'text/plain', 'x-revision': process.env['K_REVISION'] ?? '' };
  if (context.method === 'GET') return { statusCode: 200, headers, body: greeting };

  const message = HTTP.binary(new CloudEvent({ source: '/hello', type: 'greeting.sent', data: { greeting } }));
  const { status } = await fetch(process.env['K_SINK'] ?? '', {
    method: 'POST',
    headers: message.headers as Record<string, string>,
    body: String(message.body),
  });
  return { statusCode: status, headers, body: '' };
};

export { handle };
