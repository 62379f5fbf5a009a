import { isUtf8 } from 'node:buffer';
import type { CloudEvent } from '../broker/event.ts';
import type { Journal, Query } from '../journal/journal.ts';
import type { DeadLetters } from './dead-letters.ts';
import { Problem } from './problem.ts';
import type { DataView, TopologyView } from './view.ts';

/** Those that the project has described, with their values of the last minutes. */
export interface DrawnCharts {
  view(minutes: number): object;
}

export interface PageDataOptions {
  journal: Journal;
  topology: () => Promise<TopologyView>;
  /** The last lines of a process, by its id. */
  linesOf: (process: string) => readonly object[] | undefined;
  deadLetters: DeadLetters | undefined;
  charts: DrawnCharts | undefined;
}

/** What the page asks for. */
export interface PageData {
  /**
   * @param steps of the path, after /api
   * @returns what is to be sent as JSON; undefined if there is nothing
   * @throws Problem 400, 404
   */
  read(steps: string[], query: URLSearchParams): Promise<unknown>;
}

const states: Query['state'][] = ['under way', 'delivered', 'dead letter', 'lost', 'stopped', 'refused'];
const forgotten = () => new Problem(404, 'The journal has forgotten this event, or never knew it. Choose a newer one.');
const mostAtOnce = 1000;
const mostShown = 64 * 1024;
const mostMinutes = 60;

export function createPageData({ journal, topology, linesOf, deadLetters, charts }: PageDataOptions): PageData {
  return {
    async read([area, name, part, ...more], query) {
      if (more.length > 0) return undefined;
      switch ([area, name && '*', part].filter(Boolean).join('/')) {
        case 'topology':
          return topology();
        case 'events':
          return journal.list(queryOf(query));
        case 'events/*': {
          const original = journal.original(Number(name));
          if (!original) throw forgotten();
          return { ...journal.find(Number(name)), data: dataView(original.event) };
        }
        case 'events/*/chain': {
          const chain = journal.chain(Number(name));
          if (chain.length === 0) throw forgotten();
          return chain.slice(-mostAtOnce);
        }
        case 'processes/*/log':
          return linesOf(name!);
        case 'dead-letters':
          return deadLetters ? { kept: true, list: await deadLetters.list() } : { kept: false, list: [] };
        case 'charts': {
          const minutes = wholeNumber(query, 'minutes') ?? mostMinutes;
          if (minutes < 1 || minutes > mostMinutes) throw new Problem(400, `minutes: use 1 to ${mostMinutes}.`);
          return charts ? charts.view(minutes) : { times: [], rows: [] };
        }
        default:
          return undefined;
      }
    },
  };
}

/** @throws Problem 400 */
function queryOf(query: URLSearchParams): Query {
  const state = states.find((each) => each === query.get('state'));
  if (query.get('state') !== null && !state) throw new Problem(400, `state: use one of ${states.join(', ')}.`);
  const value = query.get('value') || undefined;
  const name = query.get('name') || undefined;
  return { value, name, state, before: wholeNumber(query, 'before'), limit: wholeNumber(query, 'limit') ?? mostAtOnce };
}

/** @throws Problem 400 */
function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,15}$/.test(text)) return name === 'limit' ? Math.min(Number(text), mostAtOnce) : Number(text);
  throw new Problem(400, `${name}: use a whole number.`);
}

function dataView({ data }: CloudEvent): DataView {
  const cut = data.length > mostShown;
  // A character may be cut in two.
  const text = isUtf8(data) ? data.toString('utf8', 0, mostShown) : undefined;
  return { ...(text !== undefined && { text }), bytes: data.length, cut };
}
