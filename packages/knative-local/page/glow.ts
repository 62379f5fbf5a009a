const waiting = new Set<Element>();

/** Lights a part of the picture for a moment. However much happens in one frame, each part begins anew at most once. */
export function glow(part: Element | undefined): void {
  if (!part) return;
  if (waiting.size === 0) requestAnimationFrame(light);
  waiting.add(part);
}

function light(): void {
  for (const part of waiting) {
    for (const animation of part.getAnimations()) animation.cancel();
    const colour = getComputedStyle(part).getPropertyValue('--accent');
    const lit = { borderColor: colour, stroke: colour, strokeWidth: 3, boxShadow: `0 0 0 3px ${colour}`, offset: 0 };
    part.animate([lit], { duration: 900, easing: 'ease-out' });
  }
  waiting.clear();
}
