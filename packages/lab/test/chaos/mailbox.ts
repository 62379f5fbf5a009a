import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export interface Mailbox {
  url: string;
  /** How many mails came, by the job that they link to. */
  mails: Map<string, number>;
  refused: number;
  close(): Promise<void>;
}

/** A mail server that is busy (451) for a share of the mails. */
export async function openMailbox(busy: () => boolean): Promise<Mailbox> {
  const mailbox = { mails: new Map<string, number>(), refused: 0 };
  async function take(stream: AsyncIterable<unknown>) {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (busy()) {
      mailbox.refused += 1;
      throw Object.assign(new Error('Busy, try again'), { responseCode: 451 });
    }
    const { text = '' } = await PostalMime.parse(Buffer.concat(chunks));
    const job = /\?job=([0-9a-f-]{36})/.exec(text)?.[1] ?? 'none';
    mailbox.mails.set(job, (mailbox.mails.get(job) ?? 0) + 1);
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      take(stream).then(
        () => done(),
        (error: Error) => done(error),
      );
    },
  });
  // A client that was killed in the middle of a mail is what this is for.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return Object.assign(mailbox, { url, close: () => new Promise<void>((done) => server.close(done)) });
}
