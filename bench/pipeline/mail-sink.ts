import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A mail server that accepts everything and keeps nothing. */
export interface MailSink {
  /** smtp://... */
  url: string;
  /** Mails that it has accepted. */
  accepted(): number;
  close(): void;
}

const end = Buffer.from('\r\n.\r\n');

/** The cheapest SMTP (RFC 5321) that a mail can be handed to, so that the machine is left to those who send. */
export async function openMailSink(): Promise<MailSink> {
  let accepted = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay());
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    const say = (line: string) => socket.write(`${line}\r\n`);
    let isMail = false;
    /** The last bytes so far: a line may arrive in two pieces, and so may the end of a mail. */
    let rest = Buffer.alloc(0);
    say('220 sink');
    socket.on('data', (piece) => {
      let bytes = Buffer.concat([rest, piece]);
      for (;;) {
        const mark = isMail ? end : '\r\n';
        const at = bytes.indexOf(mark);
        if (at === -1) break;
        const line = isMail ? 'END' : bytes.subarray(0, at).toString('latin1').toUpperCase();
        bytes = bytes.subarray(at + mark.length);
        if (isMail) accepted += 1;
        isMail = line === 'DATA';
        if (isMail) say('354 go on');
        else if (line.startsWith('EHLO')) say('250-sink\r\n250-8BITMIME\r\n250 SIZE 67108864');
        else say('250 OK');
      }
      rest = isMail ? bytes.subarray(-end.length + 1) : bytes;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: () => accepted,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
