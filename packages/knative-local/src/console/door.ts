import type { IncomingMessage, ServerResponse } from 'node:http';
import { foreignness } from '../foreign.ts';
import { shows } from '../token.ts';
import { Problem } from './problem.ts';

/** Whom the console lets in: whoever opened the address that the banner printed, and programs that show its token. */
export interface Door {
  /**
   * Answers the first visit, which has the token in its address: a cookie takes the token's place, so that it is in no history or link.
   * @returns whether that was one
   * @throws Problem 401, 403
   */
  receive(request: IncomingMessage, response: ServerResponse, url: URL): boolean;
}

/** @param port cookies are the same for all ports of a host, so the name tells one console from another */
export function createDoor(token: string, port: number): Door {
  const cookie = `console-${port}`;
  const isToken = (text: string) => shows(token, { authorization: `Bearer ${text}` });

  return {
    receive(request, response, { pathname, searchParams }) {
      const foreign = foreignness(request);
      if (foreign !== undefined) throw new Problem(403, foreign);
      const shown = searchParams.get('token');
      if (request.method === 'GET' && pathname === '/' && shown !== null && isToken(shown)) {
        const attributes = 'Path=/; HttpOnly; SameSite=Strict';
        response.writeHead(303, { location: '/', 'set-cookie': `${cookie}=${token}; ${attributes}` }).end();
        return true;
      }
      if (shows(token, request.headers) || cookiesOf(request, cookie).some(isToken)) return false;
      throw new Problem(401, 'Open the address of the console that the terminal shows; its token is new at every start.');
    },
  };
}

function cookiesOf({ headers: { cookie = '' } }: IncomingMessage, name: string): string[] {
  return cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}
