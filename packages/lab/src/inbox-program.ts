/**
 * MailDev in its own process: real SMTP, a page to read mail on, and a REST interface. MailDev would give mails, photos and the URLs of
 * jobs to any website open in the person's browser. Here it never sees such requests.
 */
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { flushCompileCache } from 'node:module';
import type { Duplex } from 'node:stream';
import { explain } from '@darkroom/shared/errors';
import { giveBackWhenIdle } from '@darkroom/shared/give-back';
import { foreignness, refuse } from 'knative-local/foreign';
import { MailDev } from 'maildev';
import type { InboxOptions } from './inbox.ts';

const loopback = '127.0.0.1';
/** The most bytes of a mail, attachments included. */
const largestMail = 64 * 1024 * 1024;

const { smtpPort, webPort, folder } = JSON.parse(process.argv[2]!) as InboxOptions;

try {
  const maildev = new MailDev({
    smtp: smtpPort,
    ip: loopback,
    web: webPort,
    webIp: loopback,
    mailDirectory: folder,
    maxMessageSize: largestMail,
    silent: true,
  });
  const { api } = await maildev.start();
  guard(api!.server.server);
  giveBackWhenIdle();
  // Node would do so at the end, but not at one by a signal.
  flushCompileCache();
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Puts a server's listeners behind the guard. Call it in the same turn of the event loop in which the server began to listen. */
function guard(server: Server): void {
  const requests = server.listeners('request') as RequestListener[];
  const upgrades = server.listeners('upgrade') as UpgradeListener[];
  server.removeAllListeners('request').removeAllListeners('upgrade');
  server.on('request', (request, response) => {
    const foreign = foreignness(request);
    if (foreign !== undefined) return refuse(response, foreign);
    for (const listener of requests) listener.call(server, request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    if (foreignness(request) !== undefined) return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    for (const listener of upgrades) listener.call(server, request, socket, head);
  });
}
