import { element, say } from './dom.ts';

/** @throws Error with a sentence for the person */
export async function ask<Answer>(path: string): Promise<Answer> {
  const response = await reach(path, {});
  return (await response.json()) as Answer;
}

/** Does something, and says so, or why not. Resolves with whether it was done. */
export async function act(method: 'POST' | 'PUT', path: string, done: string, body: unknown = {}): Promise<boolean> {
  say(element('#fault'), '');
  say(element('#said'), '');
  try {
    await reach(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    say(element('#said'), done);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

export function complain(error: unknown): void {
  say(element('#fault'), error instanceof Error ? error.message : String(error));
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(`/api/${path}`, init).catch(() => {
    throw new Error('The runtime cannot be reached. If it was started anew, open the address that it shows.');
  });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new Error(problem.detail ?? `The runtime answered ${response.status}.`);
}
