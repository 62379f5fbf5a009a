/**
 * node bench/rollout/replay.ts <data folder of a lab> [rollouts]
 *
 * Deals the jobs that a lab has done out to two versions by chance, over and over, and judges each deal like a rollout. The jobs are
 * real, with their bursts and their slow minutes; only which version did them is not, so every alarm is a false one.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lately, slowIn, type Tempo, tempoOf } from '../../packages/rollout/src/evidence/tempo.ts';
import { type Case, heard, newCase, stepped } from '../../packages/rollout/src/judgement/case.ts';
import { type Tally } from '../../packages/rollout/src/judgement/tally.ts';
import { verdictOn } from '../../packages/rollout/src/judgement/verdict.ts';

interface Job {
  endedAt: number;
  seconds: number;
  isMailed: boolean;
}

/** Jobs of one revision, in the order in which they ended. */
export async function readJobs(data: string, revisions: readonly string[]): Promise<Job[]> {
  const jobs: Job[] = [];
  const folder = join(data, 'store/jobs');
  for (const id of await readdir(folder)) {
    const read = async (name: string) =>
      JSON.parse(await readFile(join(folder, id, name), 'utf8').catch(() => '{}')) as { [key: string]: string };
    const [{ revision = '', acceptedAt = '' }, { completedAt, mail }] = [await read('job.json'), await read('completed.json')];
    if (!revisions.includes(revision) || completedAt === undefined) continue;
    const endedAt = Date.parse(completedAt);
    jobs.push({ endedAt, seconds: (endedAt - Date.parse(acceptedAt)) / 1000, isMailed: mail === 'sent' });
  }
  return jobs.sort((one, other) => one.endedAt - other.endedAt);
}

/** Ten to a decade, as those of darkroom_job_duration_seconds. */
const bounds = Array.from({ length: 31 }, (_, index) => 0.1 * 10 ** (index / 10));
const steps = [5, 20, 50];
/** Milliseconds from one look to the next, and of a step at least. */
const [pause, every] = [1000, 12_000];

type Version = keyof Tally;

/** @returns whether equal versions would have been told apart; undefined if there were not enough jobs for a whole rollout */
function isFalseAlarm(jobs: readonly Job[], slower: number): boolean | undefined {
  let known: Case = newCase;
  let usual: { [bound: string]: number } = {};
  let tempo: Tempo | undefined;
  let index = 0;
  let now = jobs[0]!.endedAt;
  for (const [number, percent] of steps.entries()) {
    if (number > 0) known = stepped(known);
    for (let lasted = pause; ; lasted += pause) {
      now += pause;
      const dealt: { [version in Version]: Job[] } = { candidate: [], baseline: [] };
      for (; index < jobs.length && jobs[index]!.endedAt <= now; index += 1)
        dealt[Math.random() * 100 < percent ? 'candidate' : 'baseline'].push(jobs[index]!);
      if (index === jobs.length) return undefined;
      const within = (version: Version) =>
        Object.fromEntries(
          [...bounds, Infinity].map((bound) => [
            bound === Infinity ? '+Inf' : String(bound),
            dealt[version].filter(({ seconds }) => seconds <= bound).length,
          ]),
        );
      const both = (armOf: (version: Version) => Tally[Version]): Tally => ({
        candidate: armOf('candidate'),
        baseline: armOf('baseline'),
      });
      const all = both((version) => ({ trials: dealt[version].length, faults: 0 }));
      const mails = both((version) => ({
        trials: dealt[version].length,
        faults: dealt[version].filter(({ isMailed }) => !isMailed).length,
      }));
      known = heard(known, {
        posts: all,
        prints: all,
        overdue: all,
        mails,
        speed: both((version) => slowIn(within(version), tempo?.[version])),
      });
      usual = lately(usual, within('baseline'));
      const { recent } = known.speed;
      if (recent.candidate.trials + recent.baseline.trials === 0) tempo = tempoOf(usual, slower);
      const verdict = verdictOn(known);
      if (verdict.is === 'worse') return true;
      if (verdict.is === 'no worse' && lasted >= every) break;
    }
  }
  return false;
}

/** @param slower 1 is the hardest: then half of both are slow */
export function replay(jobs: readonly Job[], rollouts: number, slower: number): { alarms: number; whole: number } {
  let [alarms, whole] = [0, 0];
  for (let count = 0; count < rollouts; count += 1) {
    const begin = Math.floor(Math.random() * jobs.length * 0.5);
    const alarm = isFalseAlarm(jobs.slice(begin), slower);
    if (alarm !== undefined) whole += 1;
    if (alarm) alarms += 1;
  }
  return { alarms, whole };
}

if (process.argv[1] === import.meta.filename) {
  const [, , data = '.darkroom', rollouts = '500'] = process.argv;
  const jobs = await readJobs(data, ['ingest-v1', 'ingest-twin']);
  for (const slower of [1.5, 1]) {
    const { alarms, whole } = replay(jobs, Number(rollouts), slower);
    console.log(
      `${jobs.length} real jobs, --slower ${slower}: of ${whole} deals that made a whole rollout, ${alarms} were false alarms`,
    );
  }
}
