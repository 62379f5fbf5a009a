import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** A mail server that takes every mail but those whose text it dislikes, and keeps none. */
export interface MailFilter {
  /** smtp://... */
  url: string;
  /** Resolves once a mail for an address has come, whether or not it was taken; or after so many milliseconds. */
  next(address: string, patience: number): Promise<void>;
  close(): Promise<void>;
}

export async function openMailFilter(disliked: RegExp, { host = '127.0.0.1', port = 0 } = {}): Promise<MailFilter> {
  const waiting = new Map<string, () => void>();
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      text(stream)
        .then((source) => PostalMime.parse(source))
        .then(
          ({ text: words = '' }) => {
            const refusal = Object.assign(new Error('5.7.1 This mail looks like spam'), { responseCode: 554 });
            done(disliked.test(words) ? refusal : null);
            for (const { address } of envelope.rcptTo) waiting.get(address)?.();
          },
          (error: Error) => done(error),
        );
    },
  });
  server.on('error', () => undefined);
  server.listen(port, host);
  await once(server.server, 'listening');
  return {
    url: `smtp://${host}:${(server.server.address() as AddressInfo).port}`,
    next: (address, patience) =>
      new Promise((resolve) => {
        const over = () => {
          clearTimeout(timer);
          waiting.delete(address);
          resolve();
        };
        const timer = setTimeout(over, patience);
        waiting.set(address, over);
      }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
