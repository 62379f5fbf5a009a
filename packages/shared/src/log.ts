import * as v from 'valibot';
import { readConfig } from './config.ts';
import { currentWork } from './trace/current.ts';

type Fields = Record<string, string | number | undefined>;

const settings = {
  /** `text` for people, `json` for whatever gathers the logs of a cluster. */
  LOG_FORMAT: v.optional(v.picklist(['text', 'json'], 'must be text or json'), 'text'),
};
let format: 'text' | 'json' | undefined;

/**
 * One step, one line, made to be read: `developed job=... image=1 filter=sepia ms=84`. As JSON, it also says which job, revision and trace
 * it belongs to.
 */
export function log(step: string, fields: Fields = {}): void {
  format ??= readConfig(settings).LOG_FORMAT;
  console.log(format === 'json' ? asJson(step, fields) : asText(step, fields));
}

/** Values with anything but plain characters are quoted, so that no file name can forge a line. */
function asText(step: string, fields: Fields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${/^[\w./:@+-]*$/.test(String(value)) ? value : JSON.stringify(value)}`);
  return [step, ...pairs].join(' ');
}

function asJson(message: string, fields: Fields): string {
  const { job, revision, span } = currentWork();
  const service = process.env['K_SERVICE'];
  return JSON.stringify({ time: new Date().toISOString(), message, service, job, revision, ...fields, trace: span?.trace });
}
