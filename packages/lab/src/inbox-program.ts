/**
 * MailDev in a process of its own: real SMTP, a page to read on, and a REST interface. MailDev answers any website that asks in the
 * person's browser, with mails, photos and the addresses of jobs. Here it sees no request that comes from elsewhere.
 */
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { explain } from '@darkroom/shared/errors';
import { foreignness, refuse } from 'knative-local/foreign';
import { MailDev } from 'maildev';
import type { InboxOptions } from './inbox.ts';

const loopback = '127.0.0.1';
/** Bytes of a mail with its attachments. */
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
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Puts what listens to a server behind the guard. It must be called in the turn in which the server began to listen. */
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
