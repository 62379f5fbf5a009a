import { expect, test } from 'vitest';
import { labelled, readFamilies, writeFamilies } from '../src/metrics/exposition.ts';

test('what is read can be written again', () => {
  const text = [
    '# HELP mails_total Mails, by outcome',
    '# TYPE mails_total counter',
    'mails_total{outcome="sent"} 3',
    'mails_total{outcome="said \\"no\\", {twice} \\\\"} 1',
    '',
    '# HELP wait_seconds ',
    '# TYPE wait_seconds histogram',
    'wait_seconds_bucket{le="0.5"} 1',
    'wait_seconds_bucket{le="+Inf"} 2',
    'wait_seconds_sum 1.75',
    'wait_seconds_count 2',
    '',
    '# HELP pods_count Ends like a histogram, and is none',
    '# TYPE pods_count gauge',
    'pods_count 4',
    '',
  ].join('\n');
  const families = readFamilies(text);
  expect([...families.keys()]).toEqual(['mails_total', 'wait_seconds', 'pods_count']);
  expect(writeFamilies(families)).toBe(text);
});

test('timestamps, spaces, infinity and what is not described', () => {
  const families = readFamilies('a 1 1395066363000\r\nb{x="1",} +Inf\nc{y="2"}\t-Inf\nd NaN\nnonsense\ne{open="1\n# a comment\n');
  expect([...families.values()].map(({ name, type, samples }) => [name, type, ...samples.entries()])).toEqual([
    ['a', 'untyped', ['a{}', 1]],
    ['b', 'untyped', ['b{x="1"}', Infinity]],
    ['c', 'untyped', ['c{y="2"}', -Infinity]],
    ['d', 'untyped', ['d{}', NaN]],
  ]);
  expect(writeFamilies(families)).toMatch(/^a 1$[^]*^b\{x="1"\} \+Inf$[^]*^c\{y="2"\} -Inf$[^]*^d NaN$/m);
});

test('labels are added before those that are there, and escaped', () => {
  expect(labelled('a{}', {})).toBe('a{}');
  expect(labelled('a{}', { service: 'x' })).toBe('a{service="x"}');
  expect(labelled('a{b="{"}', { service: 'a "b"\\\n' })).toBe('a{service="a \\"b\\"\\\\\\n",b="{"}');
});
