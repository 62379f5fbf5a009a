import { expect, test } from 'vitest';
import { readWishes } from '../src/upload/wishes.ts';

const read = (fields: Record<string, string>) => {
  const faults: string[] = [];
  const wishes = readWishes(new Map(Object.entries({ email: 'a@example.org', ...fields })), faults);
  return { wishes, faults };
};

test.each([
  [{}, {}, 0],
  [{ quality: '', format: '', wait: ' ' }, {}, 0],
  [{ format: 'input' }, {}, 0],
  [{ format: 'jpeg', quality: '1' }, { format: 'image/jpeg', quality: 1 }, 0],
  [{ format: 'webp', quality: '100', wait: '30' }, { format: 'image/webp', quality: 100 }, 30],
  [{ quality: ' 070 ', wait: '0' }, { quality: 70 }, 0],
  [{ quality: '80.0', wait: '1.25' }, { quality: 80 }, 1.25],
  [{ wait: '0.125' }, {}, 0.125],
])('%j is understood', (fields, options, wait) =>
  expect(read(fields)).toStrictEqual({ wishes: { email: 'a@example.org', options, wait }, faults: [] }),
);

test.each([
  ['quality', '0', /“quality” must be a number from 1 to 100/],
  ['quality', '101', /“quality” must be a number from 1 to 100/],
  ['quality', '1.5', /“quality” must be a whole number/],
  ['quality', 'high', /“quality” must be a number/],
  ['quality', '1e1', /“quality” must be a number/],
  ['quality', '8 0', /“quality” must be a number/],
  ['quality', '+80', /“quality” must be a number/],
  ['quality', '80%', /“quality” must be a number/],
  ['quality', '0x50', /“quality” must be a number/],
  ['quality', '0080', /“quality” must be a number/],
  ['format', 'exe', /“format” must be one of jpeg, png, webp, avif, or left out/],
  ['format', 'toString', /“format” must be one of/],
  ['format', 'JPEG', /“format” must be one of/],
  ['wait', '31', /“wait” must be a number from 0 to 30/],
  ['wait', '30.001', /“wait” must be a number from 0 to 30/],
  ['wait', '-1', /“wait” must be a number/],
  ['wait', '.5', /“wait” must be a number/],
  ['wait', '1.', /“wait” must be a number/],
  ['wait', '1.2345', /“wait” must be a number/],
  ['wait', 'NaN', /“wait” must be a number/],
])('%s=%s is not', (name, value, reason) => {
  const { faults } = read({ [name]: value });
  expect(faults).toEqual([expect.stringMatching(reason)]);
});

test('all that is wrong is named, in the order of the form', () => {
  const { faults } = read({ email: 'nobody', wait: 'x', format: 'x', quality: 'x' });
  expect(faults.map((fault) => /e-mail|“\w+”/.exec(fault)?.[0])).toEqual(['e-mail', '“format”', '“quality”', '“wait”']);
});
