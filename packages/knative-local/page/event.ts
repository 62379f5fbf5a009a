import type { DataView } from '../src/console/view.ts';
import type { EventRecord } from '../src/journal/record.ts';
import { element, make, say, size } from './dom.ts';
import { act, ask, complain } from './server.ts';

type Opened = EventRecord & { data: DataView };

/** Shows attributes and data of an event in a dialog. */
export function createEventDialog(edit: (event: Opened) => void): (number: number) => void {
  const dialog = element<HTMLDialogElement>('#event');
  let opened: Opened | undefined;

  async function open(number: number): Promise<void> {
    try {
      opened = await ask<Opened>(`events/${number}`);
      show(opened);
      dialog.showModal();
    } catch (error) {
      complain(error);
    }
  }

  function show({ number, attributes, origin, data }: Opened): void {
    say(element('#event-title'), attributes['type'] ?? '');
    const pairs = Object.entries({ 'came in by': origin, ...attributes });
    const names = pairs.flatMap(([name, value]) => [make('dt', { className: 'faint' }, name), make('dd', {}, value)]);
    const note = data.bytes === 0 ? 'No data.' : `Data, ${size(data.bytes)}${data.cut ? ', the beginning of it' : ''}:`;
    const text =
      data.bytes === 0 ? [] : [make('pre', { tabIndex: 0 }, data.text === undefined ? 'This is not text.' : pretty(data.text))];
    element('#event-content').replaceChildren(
      make('p', { className: 'faint' }, `Event ${number}`),
      make('dl', {}, ...names),
      make('p', {}, note),
      ...text,
    );
    // A PingSource's events come past every Broker.
    element<HTMLButtonElement>('#again').disabled = !origin.startsWith('broker ');
    // Without all of its data it would be another event.
    element<HTMLButtonElement>('#edit').disabled = data.cut || data.text === undefined;
  }

  element('#again').addEventListener('click', () => {
    dialog.close();
    if (opened) void act('POST', `events/${opened.number}/send`, 'The event was sent again.');
  });
  element('#edit').addEventListener('click', () => {
    dialog.close();
    if (opened) edit(opened);
  });
  element('#close').addEventListener('click', () => dialog.close());
  return (number) => void open(number);
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
