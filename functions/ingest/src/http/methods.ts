import type { FastifyInstance, FastifyRequest } from 'fastify';
import findMyWay from 'find-my-way';

/**
 * Finds out what is allowed where a request's method is not. Call it before all routes. Fastify could have a route for each method that is
 * refused as well, but they were two thirds of all routes, and took a start 3 ms.
 * @returns the methods of the routes that fit the request's address; none if nothing is there
 */
export function methodFinder(app: FastifyInstance): (request: FastifyRequest) => string[] {
  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ method, url }) => void methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]));
  let router: ReturnType<typeof routerOf> | undefined;

  return ({ url }) => {
    router ??= routerOf(methods);
    const allowed = (router.find('GET', url)?.store ?? []) as string[];
    return app.supportedMethods.filter((method) => allowed.includes(method));
  };
}

/** Of the kind that Fastify has, with one entry for each address. */
function routerOf(methods: Map<string, string[]>) {
  const router = findMyWay();
  for (const [url, allowed] of methods) router.on('GET', url, () => undefined, allowed);
  return router;
}
