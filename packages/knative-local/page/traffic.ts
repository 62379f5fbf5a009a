import type { ServiceView, TopologyView } from '../src/console/view.ts';
import { element, make } from './dom.ts';
import { act } from './server.ts';
import { balanced } from './shares.ts';

/** A slider for each revision of a service that has several. */
export function createTraffic(): (view: TopologyView) => void {
  const place = element('#traffic');
  let drawn = '';

  return ({ services }) => {
    const several = services.map(sharesOf).filter(({ shares }) => shares.length > 1);
    const text = JSON.stringify(several);
    // Sliders that a person holds stay under the hand.
    if (text === drawn || place.matches(':has(input:active)')) return;
    drawn = text;
    const focused = document.activeElement?.id;
    const hint = make('p', { className: 'hint' }, 'No service has more than one revision to choose from.');
    place.replaceChildren(...(several.length === 0 ? [hint] : several.map(cardOf)));
    if (focused?.startsWith('share-')) document.getElementById(focused)?.focus();
  };
}

interface Shares {
  name: string;
  shares: { revision: string; percent: number; tags: string[] }[];
}

function sharesOf({ name, revisions }: ServiceView): Shares {
  const staying = revisions.filter(
    ({ percent, tags, processes }) => percent > 0 || tags.length > 0 || processes.some(({ leaving }) => !leaving),
  );
  return { name, shares: staying.map((each) => ({ revision: each.name, percent: each.percent, tags: each.tags })) };
}

function cardOf({ name, shares }: Shares): HTMLElement {
  const rows = shares.map(({ revision, percent, tags }) => {
    const id = `share-${revision}`;
    const slider = make('input', { id, type: 'range', min: '0', max: '100', value: String(percent) });
    const shown = make('output', {}, `${percent} %`);
    const label = make(
      'label',
      { htmlFor: id },
      revision,
      ...(tags.length > 0 ? [make('small', { className: 'faint' }, ` (${tags.join(', ')})`)] : []),
    );
    return { revision, slider, shown, row: make('div', { className: 'share' }, label, slider, shown) };
  });
  const percents = () => rows.map(({ slider }) => Number(slider.value));
  rows.forEach(({ slider }, index) => {
    let before: number[] = [];
    const begin = () => (before = percents());
    slider.addEventListener('pointerdown', begin);
    slider.addEventListener('focus', begin);
    slider.addEventListener('input', () => {
      balanced(before, index, Number(slider.value)).forEach((percent, other) => {
        rows[other]!.slider.value = String(percent);
        rows[other]!.shown.textContent = `${percent} %`;
      });
    });
    slider.addEventListener('change', () => {
      const wanted = Object.fromEntries(rows.map(({ revision }, other) => [revision, percents()[other]!]));
      void act(
        'PUT',
        `services/${encodeURIComponent(name)}/traffic`,
        `The next request to ${name} follows the new split.`,
        wanted,
      );
    });
  });
  return make('div', { className: 'card' }, make('h3', {}, name), ...rows.map(({ row }) => row));
}
