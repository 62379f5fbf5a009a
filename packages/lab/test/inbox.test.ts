import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyFixtures } from './folders.ts';
import { childrenOf, commandOf } from '../../knative-local/test/processes.ts';
import { finish, startMain, startReady } from './start.ts';

/** Asks with headers that fetch would not send. */
function ask(url: string, headers: Record<string, string>, method = 'GET'): Promise<{ status: number; allowed: unknown }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode!, allowed: response.headers['access-control-allow-origin'] });
    });
    sent.on('error', reject).end();
  });
}

/** The first line that a websocket is answered with. */
async function upgrade(url: string, headers: Record<string, string>): Promise<string> {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  const all = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const lines = Object.entries({ host: `localhost:${port}`, ...all, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return bytes.toString().split('\r\n', 1)[0]!;
}

/** One mail, line by line. */
async function sendMail(port: number, mail = ['Subject: kept', '', 'kept']): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const dialogue = ['', 'HELO test', 'MAIL FROM:<a@example.com>', 'RCPT TO:<b@example.com>', 'DATA', [...mail, '.'].join('\r\n')];
  for (const line of dialogue) {
    if (line) socket.write(`${line}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^[23]/);
  }
  socket.end();
}

test('inbox, broker and public address reject other websites, whatever name those use for them', async () => {
  const runtime = await startReady(await copyFixtures());
  const { inboxUrl } = runtime;
  const mails = `${inboxUrl}/api/email`;
  const { host } = new URL(inboxUrl);
  const evil = 'http://evil.example';
  const refused = { status: 403, allowed: undefined };

  expect((await ask(mails, { host })).status).toBe(200);
  expect((await ask(mails, { host, origin: inboxUrl })).status).toBe(200);
  for (const method of ['GET', 'DELETE', 'OPTIONS']) {
    expect(await ask(mails, { host, origin: evil }, method)).toEqual(refused);
    expect(await ask(mails, { host: 'evil.example', origin: evil }, method)).toEqual(refused);
  }
  expect(await ask(mails, { host: 'evil.example' })).toEqual(refused);
  expect(await ask(`${inboxUrl}/socket.io/?EIO=4&transport=polling`, { host, origin: evil })).toEqual(refused);
  expect(await upgrade(inboxUrl, { origin: inboxUrl })).toBe('HTTP/1.1 101 Switching Protocols');
  expect(await upgrade(inboxUrl, { origin: evil })).toBe('HTTP/1.1 403 Forbidden');
  expect(await upgrade(inboxUrl, { host: 'evil.example' })).toBe('HTTP/1.1 403 Forbidden');

  expect(await ask(runtime.brokerUrl, { host: 'evil.example' }, 'POST')).toEqual(refused);
  expect(await ask(runtime.brokerUrl, { host: new URL(runtime.brokerUrl).host, origin: evil }, 'POST')).toEqual(refused);
  expect(await ask(runtime.publicUrl, { host: 'evil.example' }, 'POST')).toEqual(refused);
  expect((await ask(runtime.publicUrl, { host: 'evil.localhost' }, 'POST')).status).toBe(200);
});

test('a broker accepts events only from its own functions', async () => {
  const runtime = await startReady(await copyFixtures());
  const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/forged', 'ce-type': 'test.published' };
  const publish = (more = {}) => fetch(runtime.brokerUrl, { method: 'POST', headers: { ...headers, ...more } });
  expect((await publish()).status).toBe(401);
  expect((await publish({ authorization: 'Bearer guess' })).status).toBe(401);
  expect((await publish({ authorization: `Bearer ${runtime.token}` })).status).toBe(202);
});

test('restarts an inbox that dies, with its mails intact', async () => {
  const runtime = await startReady(await copyFixtures());
  await sendMail(runtime.smtpPort);
  const children = await childrenOf(runtime.process.pid!);
  const inbox = (await Promise.all(children.map(async (pid) => [pid, await commandOf(pid)] as const))).find(([, command]) =>
    command.includes('inbox-program'),
  )![0];
  process.kill(inbox, 'SIGKILL');
  await expect.poll(() => runtime.output()).toContain('was ended by SIGKILL; restarting it');
  await expect.poll(async () => (await fetch(`${runtime.inboxUrl}/api/email`)).json()).toHaveLength(1);
  expect(await finish(runtime)).toBe(0);
});

test('a mail is shown with its pictures, and without its scripts', async () => {
  const runtime = await startReady(await copyFixtures());
  const picture = Buffer.from('a picture');
  const mail = `Subject: Your print
Content-Type: multipart/related; boundary=x

--x
Content-Type: text/html

<img src="cid:print"><script>alert(1)</script>
--x
Content-Type: image/jpeg; name=print.jpg
Content-ID: <print>
Content-Transfer-Encoding: base64

${picture.toString('base64')}
--x--`;
  await sendMail(runtime.smtpPort, mail.split('\n'));
  const mails = `${runtime.inboxUrl}/api/email`;
  const [{ id }] = (await (await fetch(mails)).json()) as [{ id: string }];
  const shown = await (await fetch(`${mails}/${id}/html`)).text();
  expect(shown).not.toContain('script');
  const place = new URL(/<img src="([^"]+)"/.exec(shown)![1]!, runtime.inboxUrl);
  expect(Buffer.from(await (await fetch(place)).arrayBuffer())).toEqual(picture);
});

test('reports an inbox that does not start, and does not wait for it', async () => {
  const folder = await copyFixtures();
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/inbox'), 'no folder');
  const runtime = await startReady(folder);
  expect((await fetch(`${runtime.publicUrl}/health/readiness`)).status).toBe(200);
  expect(runtime.output()).toMatch(/inbox +could not be started: EEXIST.*3 times in a row\.\nEverything else goes on without it/);
  expect(await finish(runtime)).toBe(0);
});

test('two runtimes can run side by side, on any ports and with separate folders', async () => {
  const [one, other] = await Promise.all([startReady(await copyFixtures()), startReady(await copyFixtures())]);
  expect(one.publicUrl).not.toBe(other.publicUrl);
  const third = startMain({
    CONFIG_DIR: join(await copyFixtures(), 'config'),
    FUNCTIONS_DIR: join(await copyFixtures(), 'functions'),
    DATA_DIR: join(await copyFixtures(), 'data'),
    INBOX_PORT: new URL(one.inboxUrl).port,
  });
  expect(await third.ended).toBe(1);
  expect(third.output()).toContain(`Port ${new URL(one.inboxUrl).port} is taken by another program.`);
});
