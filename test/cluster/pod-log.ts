import type { Kubectl } from '../../scripts/kubectl.ts';

/** A line that a function has logged. */
export interface LogLine {
  /** When the container engine received it, in milliseconds since 1970. */
  at: number;
  step: string;
  fields: Record<string, string>;
}

/** What the function in a pod has logged. */
export async function readLog(kubectl: Kubectl, pod: string): Promise<LogLine[]> {
  const output = await kubectl.run(['logs', pod, '--container=user-container', '--timestamps']);
  return output.split('\n').flatMap((line) => {
    const [, at, text = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (at === undefined) return [];
    const fields = Object.fromEntries([...text.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
    return [{ at: Date.parse(at), step: text.replace(/ \w+=.*/, ''), fields: fields as Record<string, string> }];
  });
}
