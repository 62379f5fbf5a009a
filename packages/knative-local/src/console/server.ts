import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { explain } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Actions } from './actions.ts';
import type { Door } from './door.ts';
import type { Live } from './live.ts';
import { sendPage } from './page.ts';
import { Problem, writeJson, writeProblem } from './problem.ts';
import type { PageData } from './page-data.ts';

export interface ConsoleServerOptions {
  door: Door;
  pageData: PageData;
  actions: Actions;
  live: Live;
  log: Log;
}

/** The HTTP interface of the console's page. */
export function createConsoleServer(options: ConsoleServerOptions): RequestListener {
  return (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      if (!request.complete) {
        response.setHeader('connection', 'close');
        request.resume();
      }
      if (error instanceof Problem) return writeProblem(response, error);
      options.log('console', `${request.method} ${request.url?.split('?')[0]}: ${explain(error)}`);
      writeProblem(response, new Problem(500, 'The console failed at this; its log says why.'));
    });
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ConsoleServerOptions): Promise<void> {
  const headers = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const url = urlOf(request);
  if (options.door.receive(request, response, url)) return;
  const steps = url.pathname.slice(1).split('/').map(decoded);
  if (request.method === 'GET') return read(steps, url.searchParams, response, options);
  if (request.method !== 'POST' && request.method !== 'PUT') throw new Problem(405, 'Use GET, POST or PUT.');
  // The pages of other sites cannot send this type without asking first.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new Problem(415, 'Send JSON as application/json.');
  await act(
    `${request.method} ${steps.map((step, index) => (index === 2 ? '*' : step)).join('/')}`,
    steps,
    request,
    options.actions,
  );
  response.writeHead(204).end();
}

async function read(
  [area = '', ...steps]: string[],
  query: URLSearchParams,
  response: ServerResponse,
  { pageData, live }: ConsoleServerOptions,
): Promise<void> {
  if (area === '' && steps.length === 0) return sendPage(response);
  if (area !== 'api') throw nowhere();
  if (steps.join('/') === 'live') return live.open(response);
  const found = await pageData.read(steps, query);
  if (found === undefined) throw nowhere();
  writeJson(response, 200, found);
}

async function act(route: string, [, , name = '']: string[], request: IncomingMessage, actions: Actions): Promise<void> {
  const body = await readBody(request);
  switch (route) {
    case 'POST api/events':
      return actions.publish(body);
    case 'POST api/events/*/send':
      return actions.publishAgain(Number(name));
    case 'POST api/dead-letters/*/replay':
      return actions.replay(name);
    case 'PUT api/services/*/traffic':
      return actions.shiftTraffic(name, body);
    case 'POST api/processes/*/kill':
      return actions.kill(name);
    default:
      throw nowhere();
  }
}

const nowhere = () => new Problem(404, 'There is nothing at this address.');

/** @throws Problem 400 */
function urlOf({ url = '/' }: IncomingMessage): URL {
  if (!URL.canParse(url, 'http://localhost')) throw new Problem(400, 'The address is not a URL.');
  return new URL(url, 'http://localhost');
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch (cause) {
    throw new Problem(400, 'The address is not a URL.', { cause });
  }
}

/** @throws Problem 400, 413 */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > limits.requestBytes) throw new Problem(413, `Send at most ${limits.requestBytes} bytes.`);
    chunks.push(chunk as Buffer);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch (cause) {
    throw new Problem(400, `The body is not JSON: ${explain(cause)}.`, { cause });
  }
}
