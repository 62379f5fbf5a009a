import { expect, test } from 'vitest';
import { matches } from '../src/broker/filter.ts';
import type { Filter } from '../src/manifest/filters.ts';

const event = {
  attributes: new Map([
    ['type', 'dev.darkroom.image.uploaded'],
    ['source', '/darkroom/ingest'],
    ['sepia', 'true'],
    ['empty', ''],
  ]),
  data: Buffer.alloc(0),
};
const byAttributes = (attributes: Record<string, string>) => matches({ attributes, filters: [] }, event);
const byFilters = (...filters: Filter[]) => matches({ attributes: {}, filters }, event);

test('attributes: all must be equal, and an empty value matches any non-empty one', () => {
  expect(byAttributes({})).toBe(true);
  expect(byAttributes({ type: 'dev.darkroom.image.uploaded', sepia: 'true' })).toBe(true);
  expect(byAttributes({ type: 'dev.darkroom.image.uploaded', sepia: 'false' })).toBe(false);
  expect(byAttributes({ sepia: '' })).toBe(true);
  expect(byAttributes({ empty: '' })).toBe(false);
  expect(byAttributes({ absent: '' })).toBe(false);
});

const uploaded = { exact: { type: 'dev.darkroom.image.uploaded' } };
const absent = { exact: { absent: 'x' } };
test.each<[string, Filter, boolean]>([
  ['exact', uploaded, true],
  ['exact, absent', absent, false],
  ['prefix', { prefix: { type: 'dev.darkroom.' } }, true],
  ['prefix, other', { prefix: { type: 'com.' } }, false],
  ['suffix', { suffix: { type: '.uploaded' } }, true],
  ['suffix, other', { suffix: { type: '.finished' } }, false],
  ['all', { all: [uploaded, { prefix: { source: '/darkroom' } }] }, true],
  ['all, one fails', { all: [uploaded, absent] }, false],
  ['any', { any: [absent, uploaded] }, true],
  ['any, none holds', { any: [absent] }, false],
  ['not', { not: absent }, true],
  ['not, which holds', { not: { any: [uploaded] } }, false],
  ['prefix, in the middle', { prefix: { type: 'image' } }, false],
  ['suffix, in the middle', { suffix: { type: 'image' } }, false],
  ['prefix, of an attribute that is absent', { prefix: { absent: '' } }, false],
  ['exact, of two attributes', { exact: { type: 'dev.darkroom.image.uploaded', sepia: 'false' } }, false],
  ['nothing', {}, true],
])('dialect %s', (_name, filter, expected) => expect(byFilters(filter)).toBe(expected));

test('several filters must all hold', () => {
  expect(byFilters(uploaded, { not: absent })).toBe(true);
  expect(byFilters(uploaded, absent)).toBe(false);
  expect(byFilters(absent, uploaded)).toBe(false);
  expect(matches({ attributes: { sepia: 'false' }, filters: [uploaded] }, event)).toBe(false);
});

test('text that a header cannot carry is compared as it travels', () => {
  const travelling = { ...event, attributes: new Map([['subject', 'Gr%C3%BC%C3%9Fe']]) };
  expect(matches({ attributes: { subject: 'Grüße' }, filters: [{ prefix: { subject: 'Grü' } }] }, travelling)).toBe(true);
  expect(matches({ attributes: { subject: 'Grüsse' }, filters: [] }, travelling)).toBe(false);
});
