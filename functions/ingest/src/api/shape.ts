/** Pixels, at most; a narrower picture would be blurred if it filled its card. */
const cardWidth = 200;
/** A picture that is longer than this, or taller, shows its middle. */
const longest = 2.5;

/** How a picture is shown on its card. */
export interface Shape {
  kind: '' | 'long' | 'tall' | 'tiny';
  /** Width and height of the room that it takes, as in CSS: whatever stands there until it comes takes the same. */
  room: string;
}

export function shapeOf({ width, height }: { width: number; height: number }): Shape {
  if (width < cardWidth) return { kind: 'tiny', room: `${cardWidth} / ${height}` };
  if (width > longest * height) return { kind: 'long', room: '5 / 2' };
  if (height > longest * width) return { kind: 'tall', room: '3 / 4' };
  return { kind: '', room: `${width} / ${height}` };
}
