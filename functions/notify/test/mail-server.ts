import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** How the server differs from a friendly one. A reply is a code and words: "550 5.1.1 unknown". */
export interface Script {
  greeting?: string;
  ehlo?: string;
  auth?: string;
  mail?: string;
  rcpt?: string;
  /** In place of 354. */
  data?: string;
  /** Called when the first bytes of a mail are there. The others are not read until its promise resolves. */
  duringData?: (() => Promise<unknown>) | undefined;
  /** Called once the whole mail is there. */
  afterData?: string | ((bytes: number, source: string) => string | undefined);
  /** The SIZE that the server declares, in bytes. */
  size?: number;
  /** Breaks the connection instead of the final answer. */
  drop?: boolean;
  /** The final answer waits for it. */
  hold?: Promise<unknown>;
  /** As `hold`, for the answer to RCPT TO. */
  holdRecipient?: Promise<unknown>;
}

export interface MailServer {
  url: string;
  /** With a user and a password. */
  urlWithPassword: string;
  script: Script;
  /** Every mail whose end was seen, whatever was answered. */
  mails: { to: string[]; bytes: number; source: string; email: Email }[];
  /** Lines that clients sent, other than mails. */
  commands: string[];
  close(): Promise<void>;
}

/** A real SMTP server that follows a script, with a front that answers in its place what it has no hook for, and cuts lines. */
export async function startMailServer({ pipelining = true }: { pipelining?: boolean } = {}): Promise<MailServer> {
  const server: MailServer = { url: '', urlWithPassword: '', script: {}, mails: [], commands: [], close };
  const lines = new Set<Socket>();
  const smtp = await startSmtp();

  const front: Server = createServer(relay).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  server.url = `smtp://127.0.0.1:${port}`;
  server.urlWithPassword = `smtp://robot:top-secret@127.0.0.1:${port}`;
  return server;

  async function startSmtp(): Promise<SMTPServer> {
    const started = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onConnect: (_session, done) => done(errorOf(server.script.greeting)),
      onAuth: (_auth, _session, done) => done(errorOf(server.script.auth), { user: 'robot' }),
      onMailFrom: (_address, _session, done) => done(errorOf(server.script.mail)),
      onRcptTo(_address, _session, done) {
        void (server.script.holdRecipient ?? Promise.resolve()).then(() => done(errorOf(server.script.rcpt)));
      },
      onData(stream, { envelope }, done) {
        const to = envelope.rcptTo.map(({ address }) => address);
        take(stream, to).then(done, done);
      },
    });
    started.on('error', () => undefined);
    started.listen(0, '127.0.0.1');
    await once(started.server, 'listening');
    return started;
  }

  async function take(stream: AsyncIterable<unknown>, to: string[]): Promise<Error | null> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const source = Buffer.concat(chunks);
    const { script } = server;
    server.mails.push({ to, bytes: source.length, source: source.toString(), email: await PostalMime.parse(source) });
    await script.hold;
    if (script.drop) for (const line of lines) line.destroy();
    return (
      errorOf(typeof script.afterData === 'function' ? script.afterData(source.length, source.toString()) : script.afterData) ??
      null
    );
  }

  function relay(client: Socket): void {
    lines.add(client.on('close', () => lines.delete(client)).on('error', () => undefined));
    // The server reads its options for each connection. Where DATA is answered in its place, commands must come one by one.
    Object.assign(smtp.options, {
      size: server.script.size,
      hidePIPELINING: !pipelining || server.script.data !== undefined,
    });
    const upstream = connect((smtp.server.address() as AddressInfo).port, '127.0.0.1');
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    upstream.pipe(client);
    let inMail = false;
    client.on('data', (chunk: Buffer) => {
      const verb = /^[A-Z]+/i.exec(chunk.toString('latin1'))?.[0].toUpperCase();
      const { duringData } = server.script;
      if (inMail && duringData) {
        server.script.duringData = undefined;
        client.pause();
        void duringData().then(() => client.resume());
      }
      if (!inMail) server.commands.push(...chunk.toString().split('\r\n').filter(Boolean));
      const reply = inMail
        ? undefined
        : verb === 'EHLO' || verb === 'HELO'
          ? server.script.ehlo
          : verb === 'DATA'
            ? server.script.data
            : undefined;
      if (reply !== undefined) return void client.write(`${reply}\r\n`);
      if (/(^|\n)DATA\r\n$/i.test(chunk.toString('latin1'))) inMail = true;
      upstream.write(chunk);
      if (chunk.subarray(-5).toString('latin1').endsWith('\r\n.\r\n')) inMail = false;
    });
  }

  async function close(): Promise<void> {
    for (const line of lines) line.destroy();
    front.close();
    await new Promise<void>((done) => smtp.close(done));
  }
}

function errorOf(reply: string | undefined): Error | undefined {
  if (reply === undefined) return undefined;
  return Object.assign(new Error(reply.slice(4)), { responseCode: Number(reply.slice(0, 3)) });
}
