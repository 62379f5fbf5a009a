import type { Fields } from '../model/object.ts';

/** One row of `kn ... describe`. The registry dates it. */
export interface Condition extends Fields {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

export function condition(
  type: string,
  holds: boolean,
  otherwise: { reason?: string; message?: string } = {},
  rest: Fields = {},
): Condition {
  return holds ? { type, status: 'True', ...rest } : { type, status: 'False', ...otherwise, ...rest };
}

/** All of them, and Ready, which holds if they do; conditions of severity Info do not count. */
export function withReady(conditions: Condition[]): Condition[] {
  const wrong = conditions.find((each) => each.status !== 'True' && each['severity'] !== 'Info');
  const { reason, message } = wrong ?? {};
  const ready: Condition = wrong
    ? { type: 'Ready', status: wrong.status, reason: reason!, message: message! }
    : { type: 'Ready', status: 'True' };
  return [...conditions, ready].sort((one, other) => (one.type < other.type ? -1 : 1));
}
