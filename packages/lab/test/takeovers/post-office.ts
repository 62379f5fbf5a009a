import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** A mail whose last byte has arrived. */
export interface Arrival {
  job: string;
  /** The sender, known by the post office it uses. */
  by: string;
  /** Milliseconds, by the clock that all processes of the machine share. */
  at: number;
  messageId: string;
}

export const monotonic = () => Number(process.hrtime.bigint() / 1_000_000n);

/** A slow mail server for one sender, so that we know who sent what. */
export async function openPostOffice(by: string, arrivals: Arrival[], random: () => number) {
  const pause = () => sleep(random() * 2000);
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => void pause().then(() => done()),
    onData(stream, _session, done) {
      take(stream).then(() => done(), done);
    },
  });
  async function take(stream: AsyncIterable<unknown>): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const at = monotonic();
    const { text = '', messageId = '' } = await PostalMime.parse(Buffer.concat(chunks));
    arrivals.push({ job: /[?&]job=([\da-f-]{36})/.exec(text)![1]!, by, at, messageId });
    await pause();
  }
  // Senders are killed while they send: that is the point.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((done) => server.close(done)),
  };
}
