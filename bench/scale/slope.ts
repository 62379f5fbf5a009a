/** The exponent of a power law, by least squares on logarithms: 1 where twice as much costs twice as much, 0 where size does not matter. */
export function slope(sizes: readonly number[], costs: readonly number[]): number {
  const [xs, ys] = [sizes.map(Math.log), costs.map((cost) => Math.log(Math.max(cost, 1)))];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, index) => sum + (x - x0) * (ys[index]! - y0), 0);
  return covariance / xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
}
