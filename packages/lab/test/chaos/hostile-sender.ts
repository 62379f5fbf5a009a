import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Darkroom } from '../pipeline/darkroom.ts';

/** A malicious sender among all the others. */
export interface HostileSender {
  /** How often something was tried. */
  readonly attempts: number;
  /** What should have been refused, and was not. */
  readonly accepted: string[];
  stop(): Promise<void>;
}

const line = (width: number, height: number) => {
  const header = Buffer.alloc(54);
  header.write('BM');
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return header;
};

/** Files that are not photos, or claim to be more than they are. */
const files: Record<string, Buffer> = {
  'text.jpg': Buffer.from('no photo at all'),
  'cut.jpg': Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0001108', 'hex'),
  'huge.bmp': line(50_000_000, 1000),
  'empty.png': Buffer.from('89504e470d0a1a0a', 'hex'),
};

export function openHostileSender(darkroom: Darkroom, random: () => number): HostileSender {
  const stopping = new AbortController();
  const seen = { attempts: 0, accepted: [] as string[] };

  async function postFile(): Promise<void> {
    const names = Object.keys(files);
    const name = names[Math.floor(random() * names.length)]!;
    const answer = await darkroom.post([{ name, bytes: files[name]! }], { fields: { email: 'hostile@example.org' } });
    await answer.body?.cancel();
    if (answer.status === 202) seen.accepted.push(name);
  }

  /** Starts an upload and falls silent. */
  async function trickle(): Promise<void> {
    const socket = connect(Number(new URL(darkroom.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /?email=hostile@example.org HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: 1000000\r\n\r\n',
    );
    await sleep(2000);
    socket.destroy();
  }

  /** An event that no function sent. */
  async function forge(): Promise<void> {
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/forged', 'ce-type': 'dev.darkroom.archive.created' };
    const answer = await fetch(darkroom.brokerUrl, { method: 'POST', headers });
    if (answer.status === 202) seen.accepted.push('a forged event');
  }

  async function guess(): Promise<void> {
    const answer = await fetch(`${darkroom.url}/jobs/${crypto.randomUUID()}`);
    await answer.body?.cancel();
    if (answer.ok) seen.accepted.push('a job that is not there');
  }

  async function act() {
    const acts = [postFile, postFile, trickle, forge, guess];
    while (!stopping.signal.aborted) {
      seen.attempts += 1;
      await acts[Math.floor(random() * acts.length)]!().catch(() => undefined);
      await sleep(100);
    }
  }

  const acting = Promise.all([act(), act()]);
  return {
    get attempts() {
      return seen.attempts;
    },
    get accepted() {
      return seen.accepted;
    },
    async stop() {
      stopping.abort();
      await acting;
    },
  };
}
