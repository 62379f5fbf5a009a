import { expect, test } from 'vitest';
import { balanced } from '../page/shares.ts';

test.each([
  [[80, 20], 1, 100, [0, 100]],
  [[80, 20], 0, 0, [0, 100]],
  [[100, 0], 1, 30, [70, 30]],
  [[50, 30, 20], 0, 0, [0, 60, 40]],
  [[100, 0, 0], 0, 40, [40, 30, 30]],
  [[34, 33, 33], 2, 50, [26, 24, 50]],
  [[0, 50, 50], 1, 51, [0, 51, 49]],
])('of %j, if number %i is set to %i: %j', (before, index, value, after) => {
  expect(balanced(before, index, value)).toEqual(after);
});

test('whatever is set, it adds up to 100', () => {
  for (let value = 0; value <= 100; value += 1)
    for (const before of [
      [33, 33, 34],
      [0, 0, 100],
      [1, 98, 1],
      [50, 50],
    ])
      for (let index = 0; index < before.length; index += 1) {
        const after = balanced(before, index, value);
        expect(after.reduce((sum, percent) => sum + percent)).toBe(100);
        expect(after.every((percent) => Number.isInteger(percent) && percent >= 0 && percent <= 100)).toBe(true);
      }
});
