/** The exponent of a power law, by least squares on logarithms: 1 where twice as much costs twice as much, 0 where size does not matter. */
export function slope(sizes: readonly number[], costs: readonly number[]): number {
  return steepness(
    sizes.map(Math.log),
    costs.map((cost) => Math.log(Math.max(cost, Number.MIN_VALUE))),
  );
}

/** Of the straight line that is nearest to all points, by least squares: how much y grows with x. */
export function steepness(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, index) => sum + (x - x0) * (ys[index]! - y0), 0);
  return covariance / xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
}
