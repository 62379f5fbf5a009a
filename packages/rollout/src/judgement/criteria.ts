/** One way in which a version can be worse than another. */
interface Question {
  /** What went wrong, and with what, in words for a line: "jobs without all prints: 9 of 132 jobs". */
  counts: string;
  of: string;
  /** The rate of faults that would be harmful, where the usual one is such. */
  harmful: (usual: number) => number;
}

/** Five of a hundred more than usual. */
const someMore = (usual: number) => Math.min(usual + 0.05, (1 + usual) / 2);
/** Three times the odds: about half of a baseline's jobs are slow by definition, and then it is three quarters. */
const manyMore = (usual: number) => (3 * usual) / (1 + 2 * usual);

/** What is compared. A version is worse if it is worse by one of them. */
export const criteria = {
  posts: { counts: 'posts not taken', of: 'posts', harmful: someMore },
  prints: { counts: 'jobs without all prints', of: 'jobs', harmful: someMore },
  mails: { counts: 'jobs without their mail', of: 'jobs with an address', harmful: someMore },
  speed: { counts: 'slow jobs', of: 'jobs', harmful: manyMore },
  overdue: { counts: 'jobs without an end', of: 'jobs', harmful: someMore },
} satisfies Record<string, Question>;

export type Criterion = keyof typeof criteria;

export const allCriteria = Object.keys(criteria) as Criterion[];
