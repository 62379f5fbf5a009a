import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export interface Mailbox {
  url: string;
  /** How many mails came, by the job that they link to. */
  mails: Map<string, number>;
  /** How many of these were taken without an answer, so that the sender cannot know. */
  unclear: Map<string, number>;
  refused: number;
  close(): Promise<void>;
}

/** What happens to one mail. */
export type Reception = 'taken' | 'busy' | 'unclear';

/** A mail server that is busy (451) for some mails, and breaks the connection off after it has taken others. */
export async function openMailbox(receive: () => Reception): Promise<Mailbox> {
  const mailbox = { mails: new Map<string, number>(), unclear: new Map<string, number>(), refused: 0 };

  async function take(stream: AsyncIterable<unknown>): Promise<Reception> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const reception = receive();
    if (reception === 'busy') {
      mailbox.refused += 1;
      throw Object.assign(new Error('Busy, try again'), { responseCode: 451 });
    }
    const { text = '', html = '' } = await PostalMime.parse(Buffer.concat(chunks));
    // What a mail is about is known by its links alone: no header names the job.
    const [, job = 'none'] = /[?&/](?:job=|jobs\/)([\da-f-]{36})/.exec(text + html) ?? [];
    count(mailbox.mails, job);
    if (reception === 'unclear') count(mailbox.unclear, job);
    return reception;
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      take(stream).then(
        (reception) => (reception === 'unclear' ? breakOff(server, session.id) : done()),
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

function count(counts: Map<string, number>, job: string): void {
  counts.set(job, (counts.get(job) ?? 0) + 1);
}

/** The library cannot hang up silently, and has no types for its connections. */
function breakOff(server: SMTPServer, id: string): void {
  const { connections } = server as unknown as { connections: Set<{ id: string } & Record<'_socket', Socket>> };
  for (const connection of connections) if (connection.id === id) connection['_socket'].destroy();
}
