import type { Arrival } from './post-office.ts';

/** A sender was killed or suspended. */
export interface Strike {
  sender: string;
  kind: 'kill' | 'freeze';
  begun: number;
}

/** Something that a sender wrote into a job's folder: a term of its lock, or the record of its mail. */
export interface Traced {
  at: number;
  by: string;
  job: string;
  /** "mail.lock/1", "mail.json" */
  key: string;
}

interface Happened {
  jobs: string[];
  arrivals: Arrival[];
  strikes: Strike[];
  traced: Traced[];
}

export interface Figures {
  jobs: number;
  mails: number;
  /** Jobs whose holder was struck, and which went on under another holder: the other process, or the same one restarted. */
  takeovers: number;
  afterKills: number;
  afterFreezes: number;
  /** Jobs mailed twice because the first sender was struck after the last byte, before it could record that the mail was sent. */
  window: number;
  /** Mails whose last byte came late, from a sender suspended just after it had checked that it still held the lock. */
  late: number;
}

export interface Findings {
  figures: Figures;
  /** What must never happen. */
  faults: string[];
}

/** Milliseconds within which a byte that a process has handed to the kernel arrives. */
const transit = 1000;

export function findingsOf({ jobs, arrivals, strikes, traced }: Happened): Findings {
  const figures = { jobs: jobs.length, mails: arrivals.length, takeovers: 0, afterKills: 0, afterFreezes: 0, window: 0, late: 0 };
  const faults: string[] = [];
  for (const job of jobs) {
    const mails = arrivals.filter((arrival) => arrival.job === job);
    const steps = traced.filter((step) => step.job === job);
    const terms = holdersOf(steps);

    for (const [index, { since }] of terms.entries()) {
      const before = terms[index - 1];
      const strike =
        before && strikes.find(({ sender, begun }) => sender === before.by && begun >= before.since && begun < since);
      if (!strike) continue;
      figures.takeovers += 1;
      figures[strike.kind === 'kill' ? 'afterKills' : 'afterFreezes'] += 1;
    }

    for (const { by, at } of mails) {
      const holder = terms.findLast(({ since }) => since <= at);
      if (holder?.by === by) continue;
      // By then it had recorded that the mail may be out, so the next holder waits.
      const noted = steps.find((step) => step.by === by && step.key === 'mail.json');
      if (
        noted &&
        strikes.some(({ sender, kind, begun }) => sender === by && kind === 'freeze' && begun > noted.at && begun < at)
      )
        figures.late += 1;
      else faults.push(`${job}: mailed by ${by} while ${holder?.by ?? 'nobody'} held the lock`);
    }
    if (mails.length === 0) faults.push(`${job}: no mail`);
    if (new Set(mails.map(({ messageId }) => messageId)).size > 1) faults.push(`${job}: two Message-IDs`);
    const [first, ...more] = mails;
    if (!first || more.length === 0) continue;
    const excused = strikes.some(({ sender, begun }) => sender === first.by && begun > first.at - transit && begun < more[0]!.at);
    if (excused && more.length === 1) figures.window += 1;
    else faults.push(`${job}: ${mails.length} mails`);
  }
  return { figures, faults };
}

/** Who held the lock, and since when: whoever takes a term writes it first. */
function holdersOf(steps: Traced[]): { by: string; since: number }[] {
  const terms = new Map<string, { by: string; since: number }>();
  for (const { key, by, at } of steps) if (key.startsWith('mail.lock/') && !terms.has(key)) terms.set(key, { by, since: at });
  return [...terms.values()];
}
