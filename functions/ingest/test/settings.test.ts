import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fairShare } from '../src/fair-share.ts';
import { readSettings } from '../src/settings.ts';

const environment = { STORE_URL: 'file:/x', K_SINK: 'http://x', FILTERS: 'sepia' };
const repository = join(import.meta.dirname, '../../..');

test.each(['README.md', 'docs/limits.md'])('the limits are those of %s', (file) => {
  const rows = readFileSync(join(repository, file), 'utf8').matchAll(
    /^\| `((?:MAX|MIN|CLIENT|ADDRESS)_\w+)` +\| ([\d ]+?) *\|/gm,
  );
  const documented = Object.fromEntries([...rows].map(([, name, value]) => [name!, Number(value!.replaceAll(' ', ''))]));
  const settings = readSettings(environment);
  expect(Object.keys(documented)).toEqual(expect.arrayContaining(Object.keys(fairShare)));
  expect(settings).toMatchObject(documented);
});

test.each(Object.keys(fairShare))('0 lifts %s, and less is refused', (name) => {
  expect(readSettings({ ...environment, [name]: '0' })).toMatchObject({ [name]: 0 });
  expect(() => readSettings({ ...environment, [name]: '-1' })).toThrow(name);
});
