import { count, size } from '../src/api/words.ts';

/** Milliseconds that the rate is measured over. */
const span = 5000;

/** Says how far an upload is, how fast it goes, and how long it will take. */
export function paceOf(total: number): (sent: number) => string {
  const samples: { at: number; sent: number }[] = [];

  return (sent) => {
    const now = performance.now();
    samples.push({ at: now, sent });
    while (samples.length > 2 && now - samples[0]!.at > span) samples.shift();
    const first = samples[0]!;
    const rate = ((sent - first.sent) / (now - first.at)) * 1000;
    const far = `Sending, ${size(sent)} of ${size(total)}`;
    // What the first second says is mostly how large the buffers on the way are.
    if (now - first.at < 1000 || rate <= 0) return far;
    return `${far}, ${size(rate)} a second, ${duration((total - sent) / rate)} left`;
  };
}

function duration(seconds: number): string {
  if (seconds < 90) return count(Math.max(1, Math.round(seconds)), 'second');
  return seconds < 5400 ? count(Math.round(seconds / 60), 'minute') : count(Math.round(seconds / 3600), 'hour');
}
