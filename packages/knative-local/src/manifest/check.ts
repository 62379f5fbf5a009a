import * as v from 'valibot';
import type { Document, Faults } from './document.ts';

/** Checks a document against a schema. Returns its typed content, or undefined after adding one fault per wrong field. */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  document: Document,
  faults: Faults,
): v.InferOutput<Schema> | undefined {
  const result = v.safeParse(schema, document.value);
  if (result.success) return result.output;
  for (const issue of result.issues) {
    const path = (issue.path ?? []).map(({ key }) => key as PropertyKey);
    faults.push(document.fault(path, describe(issue)));
  }
  return undefined;
}

function describe(issue: v.BaseIssue<unknown>): string {
  const last = issue.path?.at(-1);
  if (issue.expected === 'never') return 'is not a field that belongs here; check its spelling';
  if (issue.input === undefined && last?.origin === 'key') return 'is missing';
  return issue.message;
}
