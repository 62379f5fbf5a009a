import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problem.ts';

/** Answers wrong methods with 405 and lists those allowed. Call it after all routes: without it, a wrong method gets 404. */
export function refuseOtherMethods(app: FastifyInstance, paths: string[]): void {
  for (const url of paths) {
    const allowed = app.supportedMethods.filter((method) => app.hasRoute({ method, url }));
    app.route({
      method: app.supportedMethods.filter((method) => !allowed.includes(method)),
      url,
      handler: (request, reply) => {
        reply.header('allow', allowed.join(', '));
        sendProblem(request, reply, {
          status: 405,
          detail: `${request.method} is not allowed here. Use ${allowed.join(' or ')}.`,
        });
      },
    });
  }
}
