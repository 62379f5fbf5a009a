import { type Chromaticities, type Curve, srgbPrimaries } from './icc.ts';

/** What the colours of a file mean. */
export interface Colours {
  curve: Curve;
  primaries: Chromaticities;
}

const codedPrimaries: Record<number, Chromaticities> = {
  1: srgbPrimaries,
  9: { white: [0.3127, 0.329], red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] },
  12: { white: [0.3127, 0.329], red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] },
};
const codedCurves: Record<number, Curve> = { 4: { gamma: 2.2 }, 5: { gamma: 2.8 }, 8: { gamma: 1 }, 13: 'srgb' };

/** The meaning of two codes of ITU-T H.273; undefined where a print cannot follow (PQ and HLG among them), and samples are taken as sRGB. */
export function coloursOfCodes(primariesCode: number, curveCode: number): Colours | undefined {
  const [primaries, curve] = [codedPrimaries[primariesCode], codedCurves[curveCode]];
  return primaries && curve && { primaries, curve };
}
