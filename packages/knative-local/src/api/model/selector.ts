import { type KubeObject, textOf } from './object.ts';
import { StatusError } from './status-error.ts';

export type Matches = (object: KubeObject) => boolean;

const key = String.raw`([\w./-]+)`;

/**
 * `app=web,tier!=test,env in (a,b),!legacy`
 * @throws StatusError 400
 */
export function labelSelector(text: string): Matches {
  const terms = (text.match(/(?:[^,(]|\([^)]*\)?)+/g) ?? []).map((term) => labelTerm(term.trim()));
  return ({ metadata: { labels = {} } }) => terms.every((matches) => matches(labels));
}

function labelTerm(term: string): (labels: Record<string, string>) => boolean {
  const equality = new RegExp(`^${key}\\s*(==|=|!=)\\s*([\\w.-]*)$`).exec(term);
  if (equality) return ({ [equality[1]!]: value }) => (value === equality[3]!) === (equality[2] !== '!=');
  const set = new RegExp(`^${key}\\s+(in|notin)\\s+\\(([^()]*)\\)$`).exec(term);
  if (set) {
    const values = set[3]!.split(',').map((value) => value.trim());
    return ({ [set[1]!]: value }) => (value !== undefined && values.includes(value)) === (set[2] === 'in');
  }
  const existence = new RegExp(`^(!?)\\s*${key}$`).exec(term);
  if (existence) return (labels) => Object.hasOwn(labels, existence[2]!) === (existence[1] === '');
  throw new StatusError(400, `unable to parse requirement: ${JSON.stringify(term)} is not a label selector`);
}

/** What clients select by. Only these fields can be asked for, as in a cluster. */
const selectable = /^(metadata\.(name|namespace)|involvedObject\.\w+|status\.phase|spec\.nodeName|type|reason)$/;

/**
 * `metadata.name=web,status.phase!=Running`
 * @throws StatusError 400
 */
export function fieldSelector(text: string): Matches {
  const terms = text
    .split(',')
    .filter(Boolean)
    .map((term) => {
      const [, path = '', operator, value] = /^([\w.]+)(==|=|!=)(.*)$/.exec(term.trim()) ?? [];
      if (!selectable.test(path)) throw new StatusError(400, `field label not supported: ${JSON.stringify(path || term)}`);
      return (object: KubeObject) => (textOf(object, path) === value) === (operator !== '!=');
    });
  return (object) => terms.every((matches) => matches(object));
}
