import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createZip } from '../../functions/zip/src/zip-file.ts';
import { printOf } from '../../packages/shared/test/images/filters.ts';

const [folder, smtpUrl] = process.argv.slice(2) as [string, string];
const require = createRequire(join(import.meta.dirname, '../../functions/notify/package.json'));
const { createTransport } = require('nodemailer') as {
  createTransport(options: object): { sendMail(mail: object): Promise<unknown> };
};
const transport = createTransport({ url: smtpUrl, pool: true, maxConnections: 10 });

/** What a good program would do that is one process and no more than that: 201 when all is done, or nothing is. */
const server = createServer((request, response) => {
  develop(request).then(
    () => response.writeHead(201, { 'content-type': 'application/json' }).end('{}'),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());

async function develop(request: IncomingMessage): Promise<void> {
  const form = await formOf(request);
  const original = Buffer.from(await (form.get('file') as File).arrayBuffer());
  const quality = Number(form.get('quality'));
  const job = join(folder, randomUUID());
  await mkdir(job);
  await writeFile(join(job, 'original.jpg'), original, { flush: true });
  await Promise.all([job, folder].map(sync));
  const options = { type: 'image/jpeg', quality } as const;
  const [grey, brown] = await Promise.all([printOf(original, 'grayscale', options), printOf(original, 'sepia', options)]);
  const archive = await pack(job, { original, grayscale: grey, sepia: brown });
  await transport.sendMail({
    from: 'darkroom@localhost',
    to: form.get('email'),
    subject: 'Your 2 prints are ready',
    text: 'They are attached as a ZIP file, together with your originals.',
    html: '<p>They are attached as a ZIP file, together with your originals.</p>',
    attachments: [{ filename: 'darkroom-prints.zip', contentType: 'application/zip', content: archive }],
  });
}

async function formOf(request: IncomingMessage): Promise<FormData> {
  const body = new Uint8Array(await buffer(request));
  return new Response(body, { headers: { 'content-type': request.headers['content-type']! } }).formData();
}

/** Stores the archive durably. */
async function pack(job: string, members: Record<string, Buffer>): Promise<Buffer> {
  const draft = join(job, '.archive.zip');
  const zip = await createZip(draft, new Date());
  const digests = [];
  for (const [name, bytes] of Object.entries(members)) {
    await zip.add(`${name}/photo.jpg`, [bytes]);
    digests.push({ path: `${name}/photo.jpg`, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  await zip.add('manifest.json', [Buffer.from(JSON.stringify(digests))]);
  await zip.finish();
  await zip.close();
  await sync(draft);
  await rename(draft, join(job, 'archive.zip'));
  await sync(job);
  return readFile(join(job, 'archive.zip'));
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path);
  await handle.sync();
}
