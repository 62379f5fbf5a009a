import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import type { JobStatus } from '../../functions/ingest/src/api/job-status.ts';
import type { Inbox } from './inbox.ts';
import type { Site } from './http.ts';

/** A post that got an answer. */
export interface Post {
  status: number;
  job: string;
  revision: string;
  /** Its own in every run, so that its mails can be counted. */
  email: string;
  answeredAt: number;
}

export interface Wanted {
  posts: number;
  atOnce?: number;
  /** The revision's tag, which the split then does not choose. */
  tag?: string;
  /** Seconds that each answer is held. */
  wait?: number;
  photo?: Buffer;
  /** Further files of each post. */
  more?: Buffer[];
  /** What is told when each job has ended. */
  notifyUrl?: string;
}

/** What became of posts. */
export interface Books {
  refused: number;
  completed: number;
  open: number;
  mails: number;
  twice: number;
  /** Jobs whose mail is not in the inbox, although Darkroom says that it was sent. */
  missing: number;
  /** The inbox restarted, and forgot what it had. */
  forgotten: boolean;
}

let run = 0;

/** A photo with something to see. */
export function photo(width = 320, height = 240): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width, height, channels: 3, background: 'grey', noise } })
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** Posts `posts` photos, some at once, each from a different person. */
export async function post(
  site: Site,
  { posts, atOnce = 8, tag, wait, photo: bytes, more = [], notifyUrl }: Wanted,
): Promise<Post[]> {
  run += 1;
  const content = bytes ?? (await photo());
  const answered: Post[] = [];
  const numbers = Array.from({ length: posts }, (_, number) => number).values();
  async function person() {
    for (const number of numbers) answered.push(await postOne(`person-${run}-${number}@example.com`));
  }
  await Promise.all(Array.from({ length: atOnce }, person));
  return answered;

  async function postOne(email: string): Promise<Post> {
    const form = new FormData();
    form.set('email', email);
    if (wait !== undefined) form.set('wait', String(wait));
    if (notifyUrl !== undefined) form.set('notify_url', notifyUrl);
    for (const file of [content, ...more]) form.append('file', new Blob([new Uint8Array(file)]), 'photo.jpg');
    const encoded = new Response(form);
    const headers = { 'content-type': encoded.headers.get('content-type')!, ...(tag && { 'knative-serving-tag': tag }) };
    const body = Buffer.from(await encoded.arrayBuffer());
    const reply = await site.request('POST', '/', { headers, body }).catch(() => undefined);
    const job = reply?.status === 202 ? (JSON.parse(reply.body.toString()) as { job: string }).job : '';
    return {
      status: reply?.status ?? 0,
      job,
      revision: String(reply?.headers['x-darkroom-revision'] ?? ''),
      email,
      answeredAt: Date.now(),
    };
  }
}

/** Waits until each job has ended, or for that many seconds at most, and then counts what is in the inbox. */
export async function settle(site: Site, inbox: Inbox, posts: Post[], seconds = 240): Promise<Books> {
  const accepted = posts.filter(({ status }) => status === 202);
  const open = new Set(accepted.map(({ job }) => job));
  const deadline = Date.now() + seconds * 1000;
  const sent = new Set<string>();
  let completed = 0;
  while (open.size > 0 && Date.now() < deadline) {
    const jobs = [...open].values();
    const look = async () => {
      for (const job of jobs) {
        const reply = await site.request('GET', `/jobs/${job}`).catch(() => undefined);
        if (reply?.status !== 200) continue;
        const { status, mail } = JSON.parse(reply.body.toString()) as JobStatus;
        if (status === 'processing') continue;
        if (status === 'completed') completed += 1;
        if (mail.status === 'sent') sent.add(job);
        open.delete(job);
      }
    };
    await Promise.all(Array.from({ length: 4 }, look));
    await sleep(1000);
  }
  const { counts, restarted } = await inbox.look();
  const mails = accepted.map(({ email }) => counts.get(email) ?? 0);
  return {
    refused: posts.length - accepted.length,
    completed,
    open: open.size,
    mails: mails.filter((count) => count > 0).length,
    twice: mails.filter((count) => count > 1).length,
    missing: accepted.filter(({ job, email }) => sent.has(job) && !counts.has(email)).length,
    forgotten: restarted,
  };
}

/** Nothing refused, everything complete, one mail each. */
export function faultsOf({ refused, open, completed, mails, twice, missing, forgotten }: Books, posts: number): string[] {
  return [
    refused > 0 && `${refused} posts refused`,
    open > 0 && `${open} jobs still open`,
    completed + refused + open < posts && `${posts - completed - refused - open} jobs failed`,
    mails < posts - refused && `${posts - refused - mails} without a mail, ${missing} of them sent according to their status`,
    forgotten && 'the inbox restarted, and forgot the mails that it had',
    twice > 0 && `${twice} with more than one mail`,
  ].filter((fault) => fault !== false);
}
