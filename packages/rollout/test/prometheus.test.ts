import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../lab/test/pipeline/darkroom.ts';
import { isPrometheusMissing, startPrometheus } from '../../lab/test/prometheus.ts';
import type { Growth } from '../src/evidence/growth.ts';
import { prometheus } from '../src/evidence/prometheus.ts';
import type { Mark } from '../src/evidence/witness.ts';

/** A pod, with what it has counted. */
async function pod() {
  const counted = { text: '' };
  const server = createServer((_request, response) => response.end(counted.text)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { counted, target: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const ended = (count: number, made = 'all') =>
  `darkroom_jobs_ended_total{revision="b",outcome="completed",mail="sent",made="${made}"} ${count}\n` +
  `darkroom_job_duration_seconds_bucket{revision="b",outcome="completed",le="+Inf"} ${count}\n`;

describe.skipIf(isPrometheusMissing)('a real Prometheus (skipped without prometheus)', () => {
  test('each job counts once, over pods that come and go, and whoever asks may be away in between', async () => {
    const [first, second] = [await pod(), await pod()];
    first.counted.text = ended(100);
    const server = await startPrometheus([first.target]);
    onTestFinished(() => server.close());
    const seen = async (value: number) => {
      await eventually(async () => {
        const [sample] = await server.query('sum(last_over_time(darkroom_jobs_ended_total[5m]))');
        return sample?.value === value || undefined;
      });
    };
    await seen(100);
    // Begin a second or more after its first value: what begins in the very second of the first question counts as new.
    await eventually(async () => {
      const [scrapes] = await server.query('count_over_time(darkroom_jobs_ended_total[5m])');
      return (scrapes?.value ?? 0) >= 4 || undefined;
    });
    const witness = prometheus(server.url);
    let mark: Mark | undefined = (await witness.testify(undefined, [])).mark;
    const total: Growth = { accepted: 0, refused: 0, ended: 0, incomplete: 0, addressed: 0, unmailed: 0, within: {} };
    const ask = async () => {
      const { growths, mark: next } = await witness.testify(mark, []);
      mark = next;
      const growth = growths['b'];
      total.ended += growth?.ended ?? 0;
      total.incomplete += growth?.incomplete ?? 0;
      total.within['+Inf'] = (total.within['+Inf'] ?? 0) + (growth?.within['+Inf'] ?? 0);
    };
    const until = (count: number) =>
      eventually(async () => {
        await ask();
        return total.ended >= count || undefined;
      });

    first.counted.text = ended(107);
    await until(7);
    // A pod is born with its first jobs, and goes again; one job lacks a print.
    second.counted.text =
      'darkroom_jobs_ended_total{revision="b",outcome="completed",mail="sent",made="all"} 5\n' +
      ended(1, 'some').replace(/\} 1\n$/, '} 6\n');
    server.add(second.target);
    await until(13);
    server.remove(second.target);
    first.counted.text = ended(110);
    // Nobody asks for a while.
    await seen(116);
    await until(16);
    await ask();
    expect(total).toMatchObject({ ended: 16, incomplete: 1, within: { '+Inf': 16 } });
  });

  test('an address that is not that of a Prometheus is told', async () => {
    const { target, counted } = await pod();
    counted.text = 'hello';
    await expect(prometheus(`http://${target}`).testify(undefined, [])).rejects.toThrow();
  });
});
