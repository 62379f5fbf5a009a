import type { Kubectl } from '../../scripts/kubectl.ts';

/** A line that a function has logged. */
export interface LogLine {
  /** When the container engine received it, in milliseconds since 1970. */
  at: number;
  step: string;
  fields: Record<string, unknown>;
}

/** What the function in a pod has logged, in JSON, as config/base/settings.yaml has it. */
export async function readLog(kubectl: Kubectl, pod: string): Promise<LogLine[]> {
  const output = await kubectl.run(['logs', pod, '--container=user-container', '--timestamps']);
  return output.split('\n').flatMap((line) => {
    const [, at, text = ''] = /^(\S+) (\{.*)$/.exec(line) ?? [];
    if (at === undefined) return [];
    const { message, ...fields } = JSON.parse(text) as { message: string };
    return [{ at: Date.parse(at), step: message, fields }];
  });
}
