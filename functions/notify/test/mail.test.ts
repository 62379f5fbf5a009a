import { buffer } from 'node:stream/consumers';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readProgress } from '@darkroom/shared/job/progress';
import { json } from '@darkroom/shared/store';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, openLab } from '../../../packages/shared/test/support/lab.ts';
import { attachmentsFor, coverFor, encodedBytes } from '../src/attachments.ts';
import { composeMail, messageIdOf } from '../src/mail.ts';
import { covered, printed } from './support.ts';

const settings = {
  PUBLIC_URL: 'http://photos.example.org/',
  MAIL_FROM: 'Darkroom <lab@example.org>',
  RETENTION: 7 * 24 * 60 * 60,
};

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

async function compose(
  job: Job,
  { maxBytes = 1_000_000, ...changes }: Partial<typeof settings> & { maxBytes?: number; MAIL_REPLY_TO?: string } = {},
) {
  const progress = await readProgress(lab.store, job);
  const attachments = attachmentsFor(lab.store, job, progress, maxBytes);
  const cover = await coverFor(lab.store, job, progress, maxBytes);
  const { email = '' } = job;
  const all = { ...settings, ...changes };
  return composeMail({ store: lab.store, job: { ...job, email }, progress, attachments, cover, settings: all });
}

test('says that a machine sent it, why it came, when the photos go, and where to delete them', async () => {
  const job = await printed(lab);
  const mail = await compose(job);
  expect(mail.headers).toEqual({
    'Auto-Submitted': 'auto-generated',
    'X-Auto-Response-Suppress': 'All',
    'Content-Language': 'en',
  });
  for (const part of [mail.text, mail.html]) {
    expect(part).toContain('somebody posted photos to Darkroom with this address');
    expect(part).toContain('Photos and prints are deleted 7 days after this mail. Until then, whoever has these links can see');
    expect(part).toContain('See your prints');
    expect(part).toContain('Delete the photos');
    expect(part).toContain(`http://photos.example.org/?job=${job.job}`);
    expect(part).toContain(`http://photos.example.org/?job=${job.job}#delete`);
  }
  expect(mail).not.toHaveProperty('replyTo');
});

/** Three photos: one developed in part, one not developed, and one that was not taken. */
async function mixed() {
  const photo = { type: 'image/tiff', bytes: 3, width: 1, height: 1 } as const;
  const job = await lab.accept({
    images: [
      { ...photo, image: '1', name: 'a.tiff', pictures: 3 },
      { ...photo, image: '2', name: 'b.tiff', pictures: 3 },
    ],
    options: { format: 'image/jpeg' },
    archive: false,
    refused: [{ name: 'notes.txt', reason: 'This is not a photo.' }],
  });
  for (const filter of job.filters) await lab.store.write(keys.print(job, job.images[0]!, filter), Buffer.from(filter));
  for (const filter of job.filters)
    await lab.store.write(keys.rejection(job.job, '2', filter), json({ reason: 'It is damaged.' }));
  return job;
}

test('goes from the good news to the bad, and ends with what happens to the photos', async () => {
  const job = await mixed();
  const { to, from, subject, text, html } = await compose(job);
  expect([to, from, subject]).toEqual(['person@example.com', 'Darkroom <lab@example.org>', 'Your 2 prints are ready']);
  const notMade = ['b.tiff, grayscale: It is damaged.', 'b.tiff, sepia: It is damaged.', 'notes txt: This is not a photo.'];
  const address = `http://photos.example.org/?job=${job.job}`;
  expect(text.split('\n\n')).toEqual([
    'Your 2 prints are ready.',
    '- a.tiff: grayscale and sepia',
    'They are attached.',
    `See your prints:\n${address}`,
    `Delete the photos:\n${address}#delete`,
    'Made in part:',
    expect.stringMatching(/^- a\.tiff: Only the first of 3 pages is developed\..+\.$/) as string,
    'Not made:',
    notMade.map((line) => `- ${line}`).join('\n'),
    expect.stringMatching(/^-- \nPhotos and prints are deleted 7 days .+\nYou are getting this mail because .+\n$/) as string,
  ]);
  const body = html.slice(html.indexOf('<h1'));
  expect([...body.matchAll(/<(?:h1|h2|p|li|a)\b[^>]*>([^<\n]+)/g)].map(([, words]) => words)).toEqual([
    'Your 2 prints are ready',
    'a.tiff: grayscale and sepia',
    'They are attached.',
    'See your prints',
    'Delete the photos',
    'Made in part',
    expect.stringMatching(/^a\.tiff: Only the first of 3 pages is developed\..+\.$/) as string,
    'Not made',
    ...notMade,
    expect.stringMatching(/^Photos and prints are deleted 7 days /) as string,
    expect.stringMatching(/^You are getting this mail because/) as string,
  ]);
  expect([...body.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual([address, `${address}#delete`]);
});

test('where nothing was made it says what to do, and offers nothing to compare', async () => {
  const job = await lab.accept({ names: ['a.jpg'], filters: ['sepia'], archive: false });
  await lab.store.write(keys.rejection(job.job, '1', 'sepia'), json({ reason: 'It is damaged.' }));
  const { subject, text, html, attachments } = await compose(job);
  expect(attachments).toEqual([]);
  expect(text.split('\n\n').slice(0, -1)).toEqual([
    'Your photos could not be developed.',
    'The reasons are below. Send other photos.',
    `See the job:\nhttp://photos.example.org/?job=${job.job}`,
    `Delete the photos:\nhttp://photos.example.org/?job=${job.job}#delete`,
    'Not made:',
    '- a.jpg, sepia: It is damaged.',
  ]);
  expect(html).toMatch(new RegExp(`<h1 [^>]+>${subject}</h1>`));
  expect(html).not.toMatch(/<ul[^>]*><\/ul>|<p[^>]*><\/p>|Made in part|<img/);
});

test.each(['http://photos.example.org', 'http://photos.example.org/', 'https://example.org/darkroom/'])(
  'with PUBLIC_URL=%s its links lead there',
  async (PUBLIC_URL) => {
    const job = await printed(lab);
    const { subject, text, html } = await compose(job, { PUBLIC_URL });
    expect(subject).toBe('Your print is ready');
    const link = `${PUBLIC_URL.endsWith('/') ? PUBLIC_URL.slice(0, -1) : PUBLIC_URL}/?job=${job.job}`;
    expect(text.split('\n')).toContain(link);
    expect(html).toContain(`href="${link}"`);
    // What there is nothing to say about has no part: print, attachments, link, and what happens to the photos.
    expect(text.split('\n\n').slice(1, -1)).toEqual([
      '- photo.jpg: grayscale',
      'They are attached.',
      `See your prints:\n${link}`,
      `Delete the photos:\n${link}#delete`,
    ]);
    expect(html).not.toMatch(/<h2|<img/);
    // The name of the lab leads to its page as well.
    expect(html).toContain(`<a href="${link.slice(0, link.indexOf('?'))}"`);
  },
);

test('says which prints hold less than the photo does, and of no others', async () => {
  const job = await printed(lab);
  const whole = await compose(job);
  expect(whole.text).not.toContain('Made in part');
  expect(whole.html).not.toContain('Made in part');
  const images = job.images.map((photo) => ({ ...photo, type: 'image/tiff' as const, pictures: 3 }));
  const mail = await compose({ ...job, images, options: { format: 'image/jpeg' } });
  expect(mail.text).toContain(`Made in part:\n\n- ${job.images[0]!.name}: Only the first of 3 pages is developed.`);
  expect(mail.html).toContain('Only the first of 3 pages is developed.');
});

test('replies go where the operator wants them', async () => {
  expect(await compose(await printed(lab), { MAIL_REPLY_TO: 'help@example.org' })).toMatchObject({ replyTo: 'help@example.org' });
});

test.each([
  [24 * 60 * 60, '1 day'],
  [36 * 60 * 60, '1.5 days'],
  [2 * 60 * 60, '2 hours'],
  [90, '1.5 minutes'],
  [30, '30 seconds'],
  [60, '1 minute'],
  [3600, '1 hour'],
  [1, '1 second'],
])('photos that are kept for %i s', async (RETENTION, words) => {
  expect((await compose(await printed(lab), { RETENTION })).text).toContain(`deleted ${words} after this mail`);
});

test('the id of the job is in the links alone', async () => {
  const job = await printed(lab);
  const { text: _text, html: _html, ...rest } = await compose(job);
  expect(JSON.stringify(rest)).not.toContain(job.job);
  expect(JSON.stringify(rest)).not.toContain(job.job.slice(0, 8));
});

test('every attempt has one Message-ID, every job another, and its domain is that of the sender', () => {
  const one = messageIdOf('job-1', 'Darkroom <lab@example.org>');
  expect(one).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
  expect(messageIdOf('job-1', 'Darkroom <lab@example.org>')).toBe(one);
  expect(messageIdOf('job-2', 'Darkroom <lab@example.org>')).not.toBe(one);
  expect(messageIdOf('job-1', 'lab@localhost')).toMatch(/@localhost>$/);
  expect(messageIdOf('job-1', 'lab@my-lab.example.org ')).toMatch(/@my-lab\.example\.org>$/);
  expect(messageIdOf('job-1', '"a@b.example" <lab@example.org>  ')).toMatch(/@example\.org>$/);
  expect(messageIdOf('job-1', 'nobody')).toMatch(/@darkroom>$/);
  expect(messageIdOf('job-1', 'lab@')).toMatch(/@darkroom>$/);
});

test('photos of one name have attachments of different names', async () => {
  const job = await printed(lab, { names: ['image.jpg', 'image.jpg', 'IMAGE.jpg'] });
  const { attachments } = await compose(job);
  expect(attachments.map(({ filename }) => filename)).toEqual([
    'image-grayscale.jpg',
    'image-2-grayscale.jpg',
    'IMAGE-3-grayscale.jpg',
  ]);
});

test('names are shortened, are no links, and are escaped', async () => {
  const name = 'Your account is locked, go to www.evil.example and sign in there';
  const job = await printed(lab, { names: [name, '<b>x</b>.jpg'] });
  const { text, html } = await compose(job);
  for (const part of [text, html]) {
    expect(part).toContain('Your account is locked, go to www evil e…: grayscale');
    expect(part).not.toContain('evil.example');
  }
  expect(html).not.toContain('<b>');
  expect(html).toContain('&#60;b&#62;x&#60; b&#62;.jpg');
});

test('names what could not be made, what was not taken, and why', async () => {
  const job = await lab.accept({
    names: ['a.jpg'],
    filters: ['grayscale'],
    refused: [{ name: 'notes.evil.example', reason: 'This is not a photo.' }],
  });
  await lab.store.write(keys.rejection(job.job, '1', 'grayscale'), json({ reason: 'The file is damaged.' }));
  await lab.store.write(keys.archiveRejection(job.job), json({ reason: 'It would be too large.' }));
  const { subject, text, html } = await compose(job);
  expect(subject).toBe('Your photos could not be developed');
  for (const line of [
    'a.jpg, grayscale: The file is damaged.',
    'notes evil example: This is not a photo.',
    'ZIP file: It would be too large.',
  ]) {
    expect(text).toContain(`- ${line}`);
    expect(html).toContain(`<li>${line}</li>`);
  }
});

test('a long list ends after twenty lines', async () => {
  const names = Array.from({ length: 23 }, (_, index) => `${index + 1}.jpg`);
  const { text, attachments } = await compose(await printed(lab, { names }));
  expect(attachments).toHaveLength(23);
  expect(text).toContain('- 20.jpg: grayscale\n- and 3 more\n');
  expect(text).not.toContain('21.jpg');
});

test('twenty lines are shown in full', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `${index + 1}.jpg`);
  const { text } = await compose(await printed(lab, { names }));
  expect(text).toContain('- 19.jpg: grayscale\n- 20.jpg: grayscale\n\n');
});

test('what was made is attached as it is, and nothing else, up to the limit for all of it', async () => {
  const job = await mixed();
  const files = [
    { filename: 'a-grayscale.jpg', type: 'image/jpeg', content: Buffer.from('grayscale') },
    { filename: 'a-sepia.jpg', type: 'image/jpeg', content: Buffer.from('sepia') },
  ];
  const maxBytes = files.reduce((sum, { filename, content }) => sum + encodedBytes(content.length, filename), 0);
  const { attachments } = await compose(job, { maxBytes });
  const contents = attachments.map(async ({ filename, type, read }) => ({ filename, type, content: await buffer(read()) }));
  expect(await Promise.all(contents)).toEqual(files);
  const links = await compose(job, { maxBytes: maxBytes - 1 });
  expect(links.attachments).toEqual([]);
  expect(links.text).toContain('They are too large to mail. Get them from the page.\n\nSee your prints:');
});

test('a print that vanished is a fault, and no mail without it goes out', async () => {
  const job = await printed(lab);
  const progress = await readProgress(lab.store, job);
  const [print] = attachmentsFor(lab.store, job, progress, 1_000_000);
  await lab.store.write(keys.print(job, job.images[0]!, 'grayscale'), Buffer.from('short'));
  await expect(buffer(print!.read())).rejects.toThrow(/grayscale\.jpg does not hold \d+ bytes/);
  await lab.store.remove(keys.print(job, job.images[0]!, 'grayscale'));
  await expect(buffer(print!.read())).rejects.toThrow(/grayscale\.jpg is not in the store/);
});

test('attachments are measured as they travel, never too low and hardly too high', async () => {
  for (const [bytes, filename, shown] of [
    [100_000, 'photo-grayscale.jpg', {}],
    [1, `${'写'.repeat(80)}-grayscale.jpg`, {}],
    [20_000, 'print.jpg', { cid: 'cover.0123456789abcdef0123456789abcdef@photos.example.org' }],
  ] as const) {
    const transport = createTransport({ streamTransport: true, buffer: true });
    const sizes = [];
    for (const content of [Buffer.alloc(0), Buffer.alloc(bytes, 'x')]) {
      const attachments = content.length > 0 ? [{ filename, content, ...shown }] : [];
      const { message } = await transport.sendMail({ to: 'a@b.de', from: 'c@d.de', text: 'x', html: 'y', attachments });
      sizes.push((message as Buffer).length);
    }
    const travelled = sizes[1]! - sizes[0]!;
    expect(encodedBytes(bytes, filename)).toBeGreaterThanOrEqual(travelled);
    expect(encodedBytes(bytes, filename)).toBeLessThan(travelled * 1.02 + 1000);
  }
});

test('the archive is attached up to the limit, and above it there are links only', async () => {
  const job = await printed(lab, { archive: true });
  await lab.store.write(keys.archive(job.job), Buffer.alloc(20_000, 'x'));
  const maxBytes = encodedBytes(20_000, 'darkroom-prints.zip');
  const whole = await compose(job, { maxBytes });
  expect(whole.attachments.map(({ filename, bytes }) => [filename, bytes])).toEqual([['darkroom-prints.zip', 20_000]]);
  expect(whole.attachments[0]).toMatchObject({ type: 'application/zip' });
  expect(whole.text).toContain('They are attached as a ZIP file');
  const href = `http://photos.example.org/jobs/${job.job}/archive.zip?download`;
  expect(whole.text).toContain(`Download all as ZIP, 20\u00a0kB:\n${href}\n`);
  expect(whole.html).toContain(`href="${href}"`);
  const links = await compose(job, { maxBytes: maxBytes - 1 });
  expect(links.attachments).toEqual([]);
  expect(links.text).toContain('too large to mail');
});

test('shows the print that is its cover, before all that is attached', async () => {
  const job = await covered(lab, { names: ['<b>a</b>.jpg', 'b.jpg'] });
  const { html, text, attachments, messageId } = await compose(job);
  const cid = `cover.${messageId.slice(1, -1)}`;
  expect(attachments.map(({ filename, type, cid: shown }) => [filename, type, shown])).toEqual([
    ['print.jpg', 'image/jpeg', cid],
    ['b-a-b-grayscale.jpg', 'image/jpeg', undefined],
    ['b-grayscale.jpg', 'image/jpeg', undefined],
  ]);
  expect(await buffer(attachments[0]!.read())).toEqual(Buffer.from('cover'));
  expect(html).toContain(`<a href="http://photos.example.org/?job=${job.job}" `);
  expect(html).toContain(`<img src="cid:${cid}" alt="&#60;b&#62;a&#60; b&#62;.jpg, grayscale"`);
  expect(text).not.toContain('cid:');
});

test('shows no print that was rejected after all, none where there is no room for it, and none without a small copy', async () => {
  const job = await covered(lab);
  const bytes = encodedBytes('cover'.length, 'print.jpg');
  const cids = async (maxBytes: number) => (await compose(job, { maxBytes })).attachments.map(({ cid }) => cid !== undefined);
  expect(await cids(bytes)).toEqual([true]);
  expect(await cids(bytes - 1)).toEqual([]);
  await lab.store.remove(keys.print(job, job.images[0]!, 'grayscale'));
  await lab.store.write(keys.rejection(job.job, '1', 'grayscale'), json({ reason: 'It is damaged.' }));
  expect(await cids(1_000_000)).toEqual([]);
  const { html, attachments } = await compose(await printed(lab));
  expect(attachments.map(({ cid }) => cid)).toEqual([undefined]);
  expect(html).not.toContain('<img');
});

test('is in the language of the job, but for what is stored in English', async () => {
  const job = { ...(await mixed()), locale: 'de' };
  const { subject, text, html, headers } = await compose(job);
  expect(subject).toBe('Ihre 2 Abzüge sind fertig');
  expect(headers['Content-Language']).toBe('de');
  expect(html).toContain('<html lang="de">');
  expect(html).toContain('b.tiff, sepia: <span lang="en">It is damaged.</span>');
  const address = `http://photos.example.org/?job=${job.job}`;
  expect(text.split('\n\n').slice(0, 5)).toEqual([
    'Ihre 2 Abzüge sind fertig.',
    '- a.tiff: grayscale und sepia',
    'Sie finden alles im Anhang.',
    `Abzüge ansehen:\n${address}`,
    `Fotos löschen:\n${address}#delete`,
  ]);
  expect(text).toContain('Fotos und Abzüge werden 7 Tage nach dieser Mail gelöscht.');
});

test.each([undefined, 'en', 'fr', 'constructor', ''])('a job in the language %j has an English mail', async (locale) => {
  const { subject, html } = await compose({ ...(await printed(lab)), ...(locale !== undefined && { locale }) });
  expect(subject).toBe('Your print is ready');
  expect(html).toContain('<html lang="en">');
});
