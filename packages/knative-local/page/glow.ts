/** Milliseconds. */
const moment = 900;

const lit = new Map<Element, number>();
let timer = 0;

/** Lights a part of the picture for a moment. It is drawn twice, however much happens: an animation would be drawn sixty times a second. */
export function glow(part: Element | undefined): void {
  if (!part) return;
  part.classList.add('lit');
  lit.set(part, Date.now() + moment);
  timer ||= setTimeout(fade, moment);
}

function fade(): void {
  timer = 0;
  for (const [part, until] of lit) {
    if (until > Date.now()) continue;
    part.classList.remove('lit');
    lit.delete(part);
  }
  if (lit.size > 0) timer = setTimeout(fade, moment / 2);
}
