import { element } from './dom.ts';

const tabs = () => [...document.querySelectorAll<HTMLButtonElement>('[role="tab"]')];

/** Shows one of the panels. */
export function show(panel: string): void {
  for (const tab of tabs()) {
    const chosen = tab.getAttribute('aria-controls') === panel;
    tab.setAttribute('aria-selected', String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    element(`#${tab.getAttribute('aria-controls')}`).hidden = !chosen;
  }
  element(`#${panel}`).dispatchEvent(new Event('shown'));
}

export function isShown(panel: string): boolean {
  return !element(`#${panel}`).hidden;
}

/** Arrow keys go from tab to tab, as in every tab list. */
export function setUpTabs(): void {
  for (const tab of tabs()) {
    tab.addEventListener('click', () => show(tab.getAttribute('aria-controls')!));
    tab.addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      const all = tabs();
      const next = all[(all.indexOf(tab) + step + all.length) % all.length]!;
      show(next.getAttribute('aria-controls')!);
      next.focus();
    });
  }
}
