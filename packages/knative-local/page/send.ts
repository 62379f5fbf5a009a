import type { DataView, TopologyView } from '../src/console/view.ts';
import { element, make } from './dom.ts';
import { act, complain } from './server.ts';
import { show } from './tabs.ts';

/** The form for an event of one's own. */
export interface SendForm {
  fill(event: { origin: string; attributes: Record<string, string>; data: DataView }): void;
  brokers(view: TopologyView): void;
}

export function createSendForm(): SendForm {
  const broker = element<HTMLSelectElement>('#broker');
  const attributes = element<HTMLTextAreaElement>('#attributes');
  const data = element<HTMLTextAreaElement>('#data');

  element('#own').addEventListener('submit', (event) => {
    event.preventDefault();
    try {
      const body = { broker: broker.value, attributes: attributesIn(attributes.value), data: data.value };
      void act('POST', 'events', 'The event was sent.', body);
    } catch (error) {
      complain(error);
    }
  });

  return {
    fill({ origin, attributes: given, data: content }) {
      broker.value = origin.replace(/^broker /, '');
      attributes.value = Object.entries(given)
        .filter(([name]) => !name.startsWith('knative'))
        .map(([name, value]) => `${name}=${value}\n`)
        .join('');
      data.value = content.text ?? '';
      show('send');
      attributes.focus();
    },
    brokers({ brokers }) {
      const present = [...broker.options].map(({ value }) => value);
      if (present.join() === brokers.join()) return;
      broker.replaceChildren(...brokers.map((name) => make('option', {}, name)));
    },
  };
}

/** @throws Error with a sentence */
function attributesIn(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^\s*([^=]+?)\s*=(.*)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`“${line.trim()}” is no attribute. Write name=value.`);
      return [name, value!.trim()];
    }),
  );
}
