import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { filterNames, readConfig } from '../src/config.ts';
import { filterFinished, imageUploaded } from '../src/events.ts';
import { filter } from '../src/filter/filter.ts';

const nothing = () => undefined;
afterEach(() => vi.unstubAllEnvs());

test.each([
  'type',
  'id',
  'source',
  'time',
  'data',
  'specversion',
  'subject',
  'datacontenttype',
  'dataschema',
  'archive',
  'original',
  'zip',
  'email',
  'quality',
  'locale',
])('“%s” cannot name a filter, for the function or for ingest', (name) => {
  expect(() => filter(name, nothing)).toThrow(`“${name}” already means something else`);
  expect(() => readConfig({ FILTERS: filterNames }, { FILTERS: `sepia,${name}` })).toThrow(
    `“${name}” already means something else`,
  );
});

test('each attribute that Darkroom puts on an event is reserved', () => {
  const route = { job: '00000000-0000-4000-8000-000000000000', filters: [], archive: true };
  for (const event of [imageUploaded(route, '1'), filterFinished(route, '1', 'sepia', 'succeeded')])
    for (const [name, value] of Object.entries(event))
      if (value !== undefined) expect(() => filter(name.replace('_', ''), nothing), name).toThrow('The filter');
});

test.each(['Sepia', '1st', 'a-b', '', 'x'.repeat(21)])('“%s” cannot either: it could not be an attribute', (name) => {
  expect(() => filter(name, nothing)).toThrow('lower-case letters and digits');
});

test.each(['sepia', 'invert', 'bw2', 'x'])('“%s” can', (name) => {
  expect(() => filter(name, nothing)).not.toThrow();
});

test('a function with such a name does not start, and says why', () => {
  const source = `import { filter } from '${join(import.meta.dirname, '../src/filter/filter.ts')}'; filter('time', () => {});`;
  expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', source], { stdio: 'pipe' })).toThrow(
    /“time” already means/,
  );
});

test('a filter has the name of its function; code copied from another function does not start, and says why', async () => {
  vi.stubEnv('FUNC_NAME', 'blur');
  expect(() => filter('blur', nothing)).not.toThrow();
  expect(() => filter(nothing)).not.toThrow();
  expect(() => filter('sepia', nothing)).toThrow('The function blur makes the filter “sepia”. Write filter(...) without a name');
  vi.stubEnv('FUNC_NAME', 'zip');
  expect(() => filter(nothing)).toThrow('“zip” already means something else');
});

test('code that was not built has no name, and does not start as a filter', async () => {
  await expect(filter(nothing).init()).rejects.toThrow('This filter has no name. Run it from dist/');
});
