/** Percentages that add up to 100, if one is set: the others keep their proportions. */
export function balanced(before: readonly number[], index: number, value: number): number[] {
  const others = before.reduce((sum, percent, other) => (other === index ? sum : sum + percent), 0);
  const rest = 100 - value;
  const next = before.map((percent, other) => {
    if (other === index) return value;
    return Math.floor(others === 0 ? rest / (before.length - 1) : (percent / others) * rest);
  });
  // What rounding left over goes to another.
  next[index === 0 ? 1 : 0]! += 100 - next.reduce((sum, percent) => sum + percent, 0);
  return next;
}
