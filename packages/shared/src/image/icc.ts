/** Points on the CIE 1931 diagram, as x and y. */
export interface Chromaticities {
  white: readonly [number, number];
  red: readonly [number, number];
  green: readonly [number, number];
  blue: readonly [number, number];
}
/** How samples become light: by a power, or as in sRGB. */
export type Curve = 'srgb' | { gamma: number };

export const srgbPrimaries: Chromaticities = { white: [0.3127, 0.329], red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] };

type Vector = readonly [number, number, number];
type Matrix = readonly [Vector, Vector, Vector];

/** The white point of the profile connection space. ICC.1:2001-04, 6.4.2. */
const d50: Vector = [0.9642, 1, 0.8249];
/** The Bradford transform from XYZ to cone responses. ICC.1:2010, annex E. */
const bradford: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/** Makes an ICC profile from primaries and a curve. Layout: ICC.1:2001-04: a header, a table of tags, the tags. */
export function makeProfile({ curve, primaries, grey }: { curve: Curve; primaries: Chromaticities; grey: boolean }): Buffer {
  const tone = curveTag(curve);
  const columns = grey ? undefined : coloursAtD50(primaries);
  const tags: [string, Buffer][] = [
    ['desc', description('Made by Darkroom from a PNG')],
    ['cprt', Buffer.concat([Buffer.from('text\0\0\0\0', 'latin1'), Buffer.from('None\0')])],
    ['wtpt', xyz(d50)],
    ...(columns
      ? ([
          ['rXYZ', xyz(columns[0])],
          ['gXYZ', xyz(columns[1])],
          ['bXYZ', xyz(columns[2])],
          ['rTRC', tone],
          ['gTRC', tone],
          ['bTRC', tone],
        ] as [string, Buffer][])
      : ([['kTRC', tone]] as [string, Buffer][])),
  ];
  const table = Buffer.alloc(4 + tags.length * 12);
  table.writeUInt32BE(tags.length);
  const parts: Buffer[] = [];
  let at = 128 + table.length;
  tags.forEach(([name, data], index) => {
    const padded = Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
    table.write(name, 4 + index * 12, 'latin1');
    table.writeUInt32BE(at, 8 + index * 12);
    table.writeUInt32BE(data.length, 12 + index * 12);
    parts.push(padded);
    at += padded.length;
  });
  const header = Buffer.alloc(128);
  header.writeUInt32BE(at, 0);
  header.writeUInt32BE(0x02400000, 8);
  header.write(`mntr${grey ? 'GRAY' : 'RGB '}XYZ `, 12, 'latin1');
  header.write('acsp', 36, 'latin1');
  xyz(d50).copy(header, 68, 8);
  return Buffer.concat([header, table, ...parts]);
}

/** Red, green and blue as XYZ, scaled to add up to the white point, which is then adapted to D50. */
function coloursAtD50({ white, red, green, blue }: Chromaticities): Matrix {
  const whole = xyzOf(white);
  const points = transposed([xyzOf(red), xyzOf(green), xyzOf(blue)]);
  const amounts = apply(inverse(points), whole);
  const scale = apply(bradford, d50).map((value, index) => value / apply(bradford, whole)[index]!) as unknown as Vector;
  const adapt = (colour: Vector) => {
    const cones = apply(bradford, colour);
    return apply(inverse(bradford), [cones[0] * scale[0], cones[1] * scale[1], cones[2] * scale[2]]);
  };
  const column = (index: 0 | 1 | 2): Vector => [
    points[0][index] * amounts[index],
    points[1][index] * amounts[index],
    points[2][index] * amounts[index],
  ];
  return [adapt(column(0)), adapt(column(1)), adapt(column(2))];
}

const xyzOf = ([x, y]: readonly [number, number]): Vector => [x / y, 1, (1 - x - y) / y];

function apply(matrix: Matrix, [x, y, z]: Vector): Vector {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Vector;
}

function transposed(m: Matrix): Matrix {
  return [0, 1, 2].map((index) => m.map((row) => row[index]!)) as unknown as Matrix;
}

function inverse([a, b, c]: Matrix): Matrix {
  const cross = (u: Vector, v: Vector): Vector => [
    u[1] * v[2] - u[2] * v[1],
    u[2] * v[0] - u[0] * v[2],
    u[0] * v[1] - u[1] * v[0],
  ];
  const rows: Matrix = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = a[0] * rows[0][0] + a[1] * rows[0][1] + a[2] * rows[0][2];
  return transposed(rows.map((row) => row.map((value) => value / determinant)) as unknown as Matrix);
}

/** s15Fixed16Number: 65536ths. */
function xyz(value: Vector): Buffer {
  const tag = Buffer.alloc(20);
  tag.write('XYZ ', 'latin1');
  value.forEach((part, index) => tag.writeInt32BE(Math.round(part * 65_536), 8 + index * 4));
  return tag;
}

/** Enough points for 16 bits: readers interpolate linearly between them. */
const points = 4096;

function curveTag(curve: Curve): Buffer {
  const tag = Buffer.alloc(12 + points * 2);
  tag.write('curv', 'latin1');
  tag.writeUInt32BE(points, 8);
  for (let index = 0; index < points; index += 1)
    tag.writeUInt16BE(Math.round(light(curve, index / (points - 1)) * 65_535), 12 + index * 2);
  return tag;
}

/** sRGB: IEC 61966-2-1. */
function light(curve: Curve, sample: number): number {
  if (curve !== 'srgb') return sample ** curve.gamma;
  return sample <= 0.04045 ? sample / 12.92 : ((sample + 0.055) / 1.055) ** 2.4;
}

/** textDescriptionType: ASCII only, with neither the Unicode nor the ScriptCode part. */
function description(text: string): Buffer {
  const tag = Buffer.alloc(12 + text.length + 1 + 8 + 3 + 67);
  tag.write('desc', 'latin1');
  tag.writeUInt32BE(text.length + 1, 8);
  tag.write(text, 12, 'latin1');
  return tag;
}
