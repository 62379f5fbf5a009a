import sharp, { type Sharp } from 'sharp';

/** The colours of a picture that looks different however it is turned: top left, top right, bottom left, bottom right. */
export const colours = ['#c03020', '#20a040', '#3050c0', '#e0e0e0'] as const;

export function quarters(width = 96, height = 64): Sharp {
  const [left, top] = [Math.floor(width / 2), Math.floor(height / 2)];
  const places = [
    [0, 0],
    [left, 0],
    [0, top],
    [left, top],
  ] as const;
  const data = Buffer.alloc(width * height * 3);
  places.forEach(([x, y], index) => {
    const colour = Buffer.from(colours[index]!.slice(1), 'hex');
    for (let row = y; row < (y === 0 ? top : height); row += 1)
      for (let column = x; column < (x === 0 ? left : width); column += 1) colour.copy(data, (row * width + column) * 3);
  });
  return sharp(data, { raw: { width, height, channels: 3 } });
}
