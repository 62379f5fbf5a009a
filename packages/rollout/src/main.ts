/**
 * npm run rollout -- ingest --to v2                       moves traffic to v2 step by step, or takes it back
 * npm run rollout -- ingest --abort                       ends a rollout: all traffic goes back
 *
 * --steps 5,20,50,100   percentages of the new version
 * --every 2m            how long a step lasts at least
 * --timeout 1h          how long a step may take to convince; then the version is taken back
 * --overdue 1m          how long a job may take until it counts as one without an end
 * --slower 1.5            how many times as long jobs of the new version may take
 * --namespace darkroom  default: that of the kubeconfig
 */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '@darkroom/shared/clock';
import { explain, Misconfigured } from '@darkroom/shared/errors';
import { abort } from './end.ts';
import { Interrupted } from './hold.ts';
import { kubernetesApi, Refused } from './kubernetes/api.ts';
import { readCredentials } from './kubernetes/credentials.ts';
import { services } from './kubernetes/service.ts';
import { publishNotice } from './notice.ts';
import { duration, type Plan, readFactor, readSteps } from './plan.ts';
import { tableOf } from './report.ts';
import { rollOut } from './rollout.ts';
import { readSurroundings } from './settings.ts';
import { CannotRoll } from './traffic.ts';
import type { World } from './world.ts';

/** What the exit code says. A Job starts another pod for what was only let go. */
const codes = { done: 0, 'rolled-back': 1, stopped: 2, running: 3 } as const;
const usage =
  'Usage: npm run rollout -- SERVICE --to TAG|REVISION [--steps 5,20,50,100] [--every 2m] [--timeout 1h] [--overdue 1m] [--slower 1.5] [--namespace NAME], or: npm run rollout -- SERVICE --abort';

/** @throws Misconfigured with the usage */
function readWords(words: string[]) {
  const text = (fallback: string) => ({ type: 'string' as const, default: fallback });
  try {
    const { values, positionals } = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        to: { type: 'string' },
        abort: { type: 'boolean', default: false },
        steps: text('5,20,50,100'),
        every: text('2m'),
        timeout: text('1h'),
        overdue: text('1m'),
        slower: text('1.5'),
        namespace: { type: 'string', short: 'n' },
      },
    });
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0 || values.abort === (values.to !== undefined))
      throw new Error('Name one Service, and either --to or --abort.');
    return { ...values, name };
  } catch (cause) {
    throw new Misconfigured(`${explain(cause)}\n${usage}`);
  }
}

async function main(): Promise<number> {
  const words = readWords(process.argv.slice(2));
  const surroundings = readSurroundings();
  const credentials = () => readCredentials(surroundings.kubeconfig);
  const namespace = words.namespace ?? (await credentials()).namespace;
  const all = services(kubernetesApi(credentials), namespace);
  const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  const publish: World['publish'] = async (record, notice) => {
    const sink = await surroundings.sink();
    if (sink) await publishNotice(sink, words.name, record, notice);
  };
  if (words.abort) {
    const { record, line } = await abort(all, words.name);
    say(line);
    await publish(record, record.notice!).catch((error: unknown) => say(`could not tell the broker: ${explain(error)}`));
    return codes.done;
  }
  const plan: Plan = {
    steps: readSteps(words.steps),
    every: duration('every', words.every),
    timeout: duration('timeout', words.timeout),
    overdue: duration('overdue', words.overdue),
    slower: readFactor(words.slower),
  };
  const over = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => over.abort());
  const world: World = {
    services: all,
    witness: surroundings.witness(namespace),
    clock: systemClock,
    say,
    holder: `${hostname()}/${process.pid}`,
    publish,
  };
  try {
    const record = await rollOut(world, words.name, words.to!, plan, over.signal);
    if (record.rows.length > 0) console.log(`\n${tableOf(record.rows)}`);
    return codes[record.phase];
  } catch (error) {
    if (!over.signal.aborted) throw error;
    say(`Traffic stays as it is. To go on, run the same command again; to end it: npm run rollout -- ${words.name} --abort`);
    return codes.running;
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(
    error instanceof Refused && error.status === 404
      ? `${explain(error)}. Name a Service that is there: kubectl get ksvc`
      : explain(error),
  );
  const isFinal =
    error instanceof CannotRoll || error instanceof Misconfigured || error instanceof Refused || error instanceof Interrupted;
  if (!isFinal) console.error(error);
  return isFinal ? codes.stopped : codes.running;
});
