import { element, say } from './dom.ts';

/**
 * Shows the pictures of a job large when they are clicked, and a print over its original: the further right the slider, the more of the
 * original.
 */
export function lightbox(): void {
  const lines = element('#lines');
  const box = element<HTMLDialogElement>('#lightbox');
  const before = element<HTMLImageElement>('#before');
  const after = element<HTMLImageElement>('#after');
  const slider = element<HTMLInputElement>('#slider');
  /** All pictures of the page, in its order. */
  let links: HTMLAnchorElement[] = [];
  let place = 0;

  slider.addEventListener('input', () => box.style.setProperty('--at', `${slider.value}%`));
  element('#previous').addEventListener('click', () => show(place - 1));
  element('#next').addEventListener('click', () => show(place + 1));
  element('#close').addEventListener('click', () => box.close());
  // An original may be in a format that no browser shows.
  before.addEventListener('error', () => compare(false));
  // The dark around the picture.
  box.addEventListener('click', ({ target }) => target === box && box.close());

  function show(next: number) {
    place = (next + links.length) % links.length;
    const link = links[place]!;
    // None, where no browser shows its format.
    const original = link.closest('.line')!.querySelector<HTMLAnchorElement>('figure:first-child > a');
    const isPrint = original !== null && link !== original;
    say(element('#pictured'), link.querySelector('img')!.alt);
    fill(after, link);
    if (isPrint) fill(before, original);
    compare(isPrint);
    element<HTMLAnchorElement>('#whole').href = link.href;
  }

  function compare(hasOriginal: boolean) {
    before.hidden = !hasOriginal;
    element('#compare').hidden = !hasOriginal;
    box.classList.toggle('both', hasOriginal);
  }

  lines.addEventListener('click', (event) => {
    const link = (event.target as HTMLElement).closest<HTMLAnchorElement>('figure > a');
    // With a key held down, a link opens in a tab as any other.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    links = [...lines.querySelectorAll<HTMLAnchorElement>('figure > a')];
    show(links.indexOf(link));
    slider.value = '50';
    slider.dispatchEvent(new Event('input'));
    box.showModal();
  });
}

/** With the largest small copy, if the page shows a small copy at all. */
function fill(image: HTMLImageElement, link: HTMLAnchorElement): void {
  const seen = link.querySelector('img')!;
  image.src =
    seen.srcset === '' ? link.href : `${link.href}?width=${Math.max(...seen.srcset.match(/(?<=width=)\d+/g)!.map(Number))}`;
  image.width = Number(seen.getAttribute('width'));
  image.height = Number(seen.getAttribute('height'));
}
