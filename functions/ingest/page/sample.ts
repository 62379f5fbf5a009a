const [width, height] = [1200, 800];

/** A picture for people who have none at hand: hills at dusk, drawn here. */
export async function samplePhoto(): Promise<File> {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d')!;
  const sky = pen.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, '#1d3557');
  sky.addColorStop(0.7, '#e9a15b');
  pen.fillStyle = sky;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = '#fff1cf';
  pen.beginPath();
  pen.arc(width * 0.68, height * 0.5, 90, 0, 2 * Math.PI);
  pen.fill();
  for (const [base, colour] of [
    [0.66, '#8d5b4c'],
    [0.76, '#54404a'],
    [0.86, '#22223b'],
  ] as const)
    hill(pen, base, colour);
  return new File([await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 })], 'sample.jpg', { lastModified: 0 });
}

/** @param base where it stands, as a share of the height */
function hill(pen: OffscreenCanvasRenderingContext2D, base: number, colour: string): void {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(0, height);
  for (let x = 0; x <= width; x += 8) {
    const rise = Math.sin(x / 190 + base * 20) + Math.sin(x / 67 + base * 50) / 3;
    pen.lineTo(x, base * height - 55 * rise);
  }
  pen.lineTo(width, height);
  pen.fill();
}
