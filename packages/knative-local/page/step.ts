import type { AttemptRecord, DeliveryRecord, EventRecord } from '../src/journal/record.ts';
import { clock, duration, make } from './dom.ts';

function endOf({ time, deliveries }: EventRecord): number {
  return Math.max(time, ...deliveries.map(({ end }) => end ?? Date.now()));
}

/** What the steps of a chain need to know of each other. */
export interface Outline {
  begin: number;
  end: number;
  /** The first with the same identity: what comes again has been sent again. */
  firsts: Map<string, number>;
  /** Deliveries that had a reply. */
  answered: Set<string>;
}

export function outlineOf(chain: EventRecord[]): Outline {
  const begin = chain[0]!.time;
  return {
    begin,
    end: Math.max(begin + 1, ...chain.map(endOf)),
    firsts: new Map(chain.toReversed().map((event) => [identityOf(event), event.number])),
    answered: new Set(chain.flatMap(({ cause }) => (cause ? `${cause.event} ${cause.trigger}` : []))),
  };
}

/** By the specification of CloudEvents. */
function identityOf({ attributes: { source, id } }: EventRecord): string {
  return JSON.stringify([source, id]);
}

/** One event of a timeline, with what became of it at each Trigger. */
export function stepOf(event: EventRecord, outline: Outline, open: (number: number) => void): HTMLElement {
  const { number, time, attributes, cause, origin, refusal, deliveries } = event;
  const title = make('button', { id: `step-${number}` }, `${attributes['type'] ?? 'without a type'} `);
  title.addEventListener('click', () => open(number));
  const whence = cause ? `reply to event ${cause.event} by ${cause.trigger}` : origin;
  const first = outline.firsts.get(identityOf(event))!;
  const again = first === number ? '' : `, event ${first} sent again`;
  const about = make(
    'span',
    { className: 'faint' },
    ` ${clock(time)}, after ${duration(time - outline.begin)}, ${whence}${again}`,
  );
  const isAnswered = ({ trigger }: DeliveryRecord) => outline.answered.has(`${number} ${trigger}`);
  const rows = deliveries.map((delivery) => deliveryOf(delivery, isAnswered(delivery), outline));
  if (refusal) rows.push(make('p', { className: 'bad' }, `Refused with ${refusal.status}: ${refusal.reason}.`));
  else if (rows.length === 0) rows.push(make('p', { className: 'faint' }, 'No Trigger wanted it.'));
  return make('div', { className: 'step' }, title, about, ...rows);
}

const tones: Record<DeliveryRecord['state'], string> = {
  delivered: 'good',
  'under way': 'busy',
  'dead letter': 'bad',
  lost: 'bad',
  stopped: 'faint',
};

function deliveryOf(delivery: DeliveryRecord, isAnswered: boolean, { begin, end }: Outline): HTMLElement {
  const { trigger, subscriber, state, attempts, reason } = delivery;
  const whole = end - begin;
  const bars = attempts.map((attempt) => {
    const bar = make('i', { className: toneOf(attempt) });
    bar.style.left = `${((attempt.begun - begin) / whole) * 100}%`;
    bar.style.width = `${((attempt.duration ?? Date.now() - attempt.begun) / whole) * 100}%`;
    return bar;
  });
  const track = make('div', { className: 'track', ariaHidden: 'true' }, ...bars);
  const to = trigger === subscriber ? trigger : `${trigger} → ${subscriber}`;
  const failed = (state === 'dead letter' || state === 'lost') && reason ? ` (${reason})` : '';
  const silent = state === 'delivered' && !isAnswered ? ', no reply' : '';
  return make(
    'div',
    {},
    make('span', {}, `${to}: `),
    make('span', { className: tones[state] }, `${state}${failed}${silent}`),
    track,
    make('ol', { className: 'attempts faint' }, ...attempts.map((attempt) => make('li', {}, sentence(attempt, subscriber)))),
  );
}

function toneOf({ duration: took, reason }: AttemptRecord): string {
  if (took === undefined) return 'busy';
  return reason === undefined ? 'good' : 'bad';
}

/** "503 after 12 ms, again in 1.0 s" */
function sentence({ destination, status, duration: took, reason, wait }: AttemptRecord, subscriber: string): string {
  const to = destination === subscriber ? '' : `to the dead letter sink ${destination}: `;
  if (took === undefined) return `${to}under way`;
  const result = reason ?? String(status ?? 'stopped');
  const again = wait === undefined ? '' : `, again in ${duration(wait)}`;
  return `${to}${result} after ${duration(took)}${again}`;
}
