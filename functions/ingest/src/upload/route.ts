import type { Clock } from '@darkroom/shared/clock';
import { workingOn } from '@darkroom/shared/trace/current';
import { explain, Rejected } from '@darkroom/shared/errors';
import type { Job } from '@darkroom/shared/job';
import { noteOf } from '@darkroom/shared/job/note';
import { log } from '@darkroom/shared/log';
import type { Store } from '@darkroom/shared/store';
import { traced } from '@darkroom/shared/trace';
import type { Span } from '@darkroom/shared/trace/span';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Receipt } from '../api/job-status.ts';
import { demandKey, keyNameOf } from '../http/api-key.ts';
import { bulkhead } from '../http/bulkhead.ts';
import { Busy } from '../http/busy.ts';
import { clientOf } from '../http/client.ts';
import { preferredLocale } from '../http/language.ts';
import { countRefusedUpload } from '../http/metrics.ts';
import { refuseOtherSites } from '../http/origin.ts';
import type { Turnstile } from '../http/turnstile.ts';
import { wantsPage } from '../http/wants-page.ts';
import type { Thumbnailer } from '../jobs/thumbnails.ts';
import type { Offers } from '../offers.ts';
import type { Settings } from '../settings.ts';
import type { Uploads } from '../tus/uploads.ts';
import { accept } from './accept.ts';
import { claimJob, digestOfPart, type PostContent } from './claim.ts';
import type { Inspector } from './inspector.ts';
import { openPublisher } from './publish-job.ts';
import { openQuota } from './quota.ts';
import { howTo, receive } from './receive.ts';
import { openDisk } from './disk.ts';
import { openSpool } from './spool.ts';
import { openTurns } from './turns.ts';
import { readWishes, type Wishes } from './wishes.ts';

/** Posts of one client that are stored at a time, once they have arrived. */
const storedAtOnce = 4;

/** What accepting photos requires. */
export interface Intake {
  settings: Settings;
  store: Store;
  inspector: Inspector;
  clock: Clock;
  thumbnailer: Thumbnailer;
  /** Aborted when the process has been told to stop. */
  closing: AbortSignal;
}

/** POST /: accepts photos, and answers 202 once they are safe. */
export function uploadRoute(app: FastifyInstance, intake: Intake, offers: Offers, uploads: Uploads, turnstile: Turnstile): void {
  const { settings, store, inspector, clock, closing } = intake;
  const waits = bulkhead({ kind: 'waits', all: settings.MAX_WAITS, perClient: 0 });
  const disk = openDisk(settings.MAX_SPOOL_BYTES);
  const quota = openQuota(store, settings.ADDRESS_JOBS, clock);
  const storing = openTurns(storedAtOnce);
  const publisher = openPublisher(settings.K_SINK, clock);
  app.addHook('onClose', async () => {
    await turnstile.idle();
    await publisher.idle();
    inspector.close();
  });

  app.post('/', async (request, reply) => {
    const attributes = { 'darkroom.revision': settings.K_REVISION, 'http.route': '/' };
    const parent = request.headers['traceparent'] as string | undefined;
    const step = async (span: Span | undefined) => {
      const { job } = await post(request, reply).catch((error: unknown) => {
        countRefusedUpload(error, settings.K_REVISION);
        throw error;
      });
      span?.set('darkroom.job', job);
    };
    await workingOn({}, () => traced('POST /', { kind: 'server', parent, attributes }, step));
    return reply;
  });

  async function post(request: FastifyRequest, reply: FastifyReply): Promise<Job> {
    refuseOtherSites(request, settings.ALLOWED_ORIGINS);
    demandKey(request, reply, settings);
    refuseEncodings(request, reply);
    const client = clientOf(request, settings);
    const { job, wait } = await turnstile.pass(client, (came) => take(request, client, came));
    await Promise.all([publisher.publish(job), hold(wait, reply)]);
    const path = `${request.prefix}/jobs/${job.job}`;
    if (wantsPage(request.headers)) reply.redirect(path, 303);
    else reply.code(202).header('location', path).header('cache-control', 'no-store').send(receiptOf(job, path));
    return job;
  }

  async function take(
    request: FastifyRequest,
    client: string | undefined,
    came: (bytes: number) => void,
  ): Promise<{ job: Job; wait: Wishes['wait'] }> {
    const begunAt = clock.now();
    const spool = openSpool(settings, disk, inspector);
    try {
      const received = await receive(request, spool, uploads, settings);
      const { fields, taken, faults } = received;
      const revision = fields.get('revision')?.trim() || undefined;
      const offer = await offers.find(revision);
      const wishes = readWishes(received, { ...settings, ...offer });
      const content = {
        wishes,
        arrivals: spool.arrivals(),
        refused: spool.refused(),
        taken,
        revision,
        sender: keyNameOf(request.headers, settings),
      };
      refuseFaults(content, faults);
      const locale = wishes.locale ?? preferredLocale(request.headers['accept-language']);
      const job = await storing(client, async () => {
        const { id, claim, giveBack } = await claimJob(store, quota, idempotencyKey(request), content);
        const claimed = { ...content, id, locale, begunAt, claim };
        const accepted = await accept(store, offer, clock, claimed).catch(async (error: unknown) => {
          await giveBack().catch(() => {});
          throw error;
        });
        await takeUploads(uploads, content);
        return accepted;
      });
      return { job, wait: wishes.wait };
    } finally {
      came(spool.bytes());
      await spool.remove();
    }
  }

  /** The wait ends with the process or the connection. If too many are waiting, there is no wait. */
  async function hold(seconds: number, { raw }: FastifyReply): Promise<void> {
    if (seconds === 0) return;
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    try {
      const leave = waits.enter(undefined);
      await clock.sleep(seconds * 1000, AbortSignal.any([closing, gone.signal])).finally(leave);
    } catch (error) {
      if (!(error instanceof Busy || closing.aborted || gone.signal.aborted)) throw error;
    }
  }
}

/** The job has them, so that what is left of the uploads would only outlive it. What cannot be removed expires. */
async function takeUploads(uploads: Uploads, { arrivals, refused }: PostContent): Promise<void> {
  for (const part of [...arrivals, ...refused]) {
    if (part.upload === undefined) continue;
    await uploads.take(part.upload, digestOfPart(part)).catch((error: unknown) => {
      log('could not remove an upload', { error: explain(error) });
    });
  }
}

/** RFC 9110, 15.5.16: a 415 says which encodings are acceptable. */
function refuseEncodings({ headers }: FastifyRequest, reply: FastifyReply): void {
  const { 'content-encoding': encoding = 'identity' } = headers;
  if (encoding === 'identity') return;
  reply.header('accept-encoding', 'identity');
  throw new Rejected(`A body with the Content-Encoding “${encoding}” cannot be read. Send it as it is.`, { status: 415 });
}

/**
 * Some of the photos may be at fault, but not all.
 * @throws Rejected with everything that is wrong, so that it can all be fixed at once
 */
function refuseFaults({ arrivals, refused, taken }: PostContent, faults: readonly string[]): void {
  const isEmpty = arrivals.length + taken.length === 0;
  if (faults.length === 0 && !isEmpty) return;
  const sentences = [...faults, ...refused.map(({ name, reason }) => `${name}: ${reason}`)];
  if (isEmpty && refused.length === 0) sentences.push(`No photo arrived. ${howTo}`);
  const ofPhotos = refused.length === 1 ? refused[0]!.status : 422;
  throw new Rejected(sentences.join(' '), { status: faults.length > 0 || refused.length === 0 ? 400 : ofPhotos });
}

/** Node joins several of them with commas. */
function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  return headers['idempotency-key'] as string | undefined;
}

function receiptOf(accepted: Job, self: string): Receipt {
  const { job, revision, filters, archive, refused } = accepted;
  const links = { self };
  const images = accepted.images.map((photo) => {
    const note = noteOf(accepted, photo);
    return { ...photo, ...(note !== undefined && { note }) };
  });
  return { job, status: 'processing', revision, filters, archive, images, ...(refused && { refused }), links };
}
