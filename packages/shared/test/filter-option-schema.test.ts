import { expect, test } from 'vitest';
import { Rejected } from '../src/errors.ts';
import { checkOption, type OptionSchema, readOption, readSchema } from '../src/filter/option.ts';

const integer: OptionSchema = { type: 'integer', minimum: -5, maximum: 50 };
const number: OptionSchema = { type: 'number', minimum: 0.5, maximum: 1e12 };
const anyNumber: OptionSchema = { type: 'number' };
const boolean: OptionSchema = { type: 'boolean' };
const tone: OptionSchema = { type: 'string', enum: ['cold', 'warm'] };

test.each<[OptionSchema, string, unknown]>([
  [integer, '-5', -5],
  [integer, '50', 50],
  [integer, '3.0', 3],
  [number, '0.5', 0.5],
  [number, '999999999.5', 999_999_999.5],
  [number, '0.523456789', 0.523_456_789],
  [anyNumber, '-999999999', -999_999_999],
  [boolean, 'true', true],
  [boolean, 'false', false],
  [tone, 'warm', 'warm'],
  // A word stays one.
  [{ type: 'string', enum: ['2', 'true'] }, '2', '2'],
  [{ type: 'string', enum: ['2', 'true'] }, 'true', 'true'],
])('to %j, %s is understood as %j', (schema, text, value) => expect(readOption('blur', schema, text)).toBe(value));

test.each<[OptionSchema, string, string]>([
  [integer, '-6', 'a whole number from -5 to 50'],
  [integer, '51', 'a whole number from -5 to 50'],
  [integer, '3.5', 'a whole number from -5 to 50'],
  [integer, '', 'a whole number from -5 to 50'],
  [integer, 'many', 'a whole number from -5 to 50'],
  [integer, 'x3', 'a whole number from -5 to 50'],
  [integer, '3x', 'a whole number from -5 to 50'],
  [integer, '--3', 'a whole number from -5 to 50'],
  [integer, '0x10', 'a whole number from -5 to 50'],
  [integer, '1e1', 'a whole number from -5 to 50'],
  [integer, 'true', 'a whole number from -5 to 50'],
  [number, '0.4999', 'a number from 0.5 to 1000000000000'],
  // More digits than a number keeps.
  [number, '1234567890', 'a number from 0.5 to 1000000000000'],
  [number, '1.1234567891', 'a number from 0.5 to 1000000000000'],
  [number, '1.', 'a number from 0.5 to 1000000000000'],
  [number, '.5', 'a number from 0.5 to 1000000000000'],
  [number, 'Infinity', 'a number from 0.5 to 1000000000000'],
  [anyNumber, 'NaN', 'a number'],
  [{ type: 'number', minimum: 0 }, '-1', 'a number, at least 0'],
  [{ type: 'number', maximum: 0 }, '1', 'a number, at most 0'],
  [{ type: 'integer', minimum: 0 }, '-1', 'a whole number, at least 0'],
  [{ type: 'integer', maximum: 0 }, '1', 'a whole number, at most 0'],
  [{ type: 'integer' }, '1.5', 'a whole number'],
  [boolean, 'yes', 'true or false'],
  [boolean, '1', 'true or false'],
  [boolean, '', 'true or false'],
  [tone, 'Cold', 'one of cold, warm'],
  [tone, '', 'one of cold, warm'],
])('to %j, “%s” is refused: it must be %s', (schema, text, kind) => {
  const read = () => readOption('blur', schema, text);
  expect(read).toThrow(new Rejected(`“blur” must be ${kind}.`, { status: 400 }));
});

test.each<[OptionSchema, string | number | boolean]>([
  [integer, '3'],
  [integer, true],
  [anyNumber, '3'],
  [anyNumber, Number.NaN],
  [boolean, 'true'],
  [boolean, 1],
  [tone, 0],
  [tone, true],
])('to %j, a value of another type is refused: %j', (schema, value) =>
  expect(() => checkOption('blur', schema, value)).toThrow(/^“blur” must be /),
);

test.each([
  { type: 'integer', minimum: 1 },
  { type: 'string', enum: ['cold'] },
  { type: 'integer', minimum: 1, maximum: 50, default: 3, title: 'Radius', description: 'in pixels' },
  { type: 'number', minimum: 0.5, maximum: 1, default: 0.5, title: 'Part', description: 'of the width' },
  { type: 'boolean', default: false, title: 'Frame', description: 'a white one' },
  { type: 'string', enum: ['cold', 'warm'], default: 'warm', title: 'Tone', description: 'of the paper' },
])('%j is a schema, and stays as it is', (content) => expect(readSchema(content)).toStrictEqual(content));

test.each([
  [{ type: 'integer', between: 1 }, 'between'],
  [{ type: 'number', between: 1 }, 'between'],
  [{ type: 'boolean', minimum: 1 }, 'minimum'],
  [{ type: 'string', enum: ['a'], maximum: 1 }, 'maximum'],
  [{ type: 'integer', minimum: '1' }, 'minimum'],
  [{ type: 'number', maximum: null }, 'maximum'],
  [{ type: 'boolean', default: 'yes' }, 'default'],
  [{ type: 'string' }, 'enum'],
  [{ type: 'string', enum: [] }, 'enum'],
  [{ type: 'string', enum: [1] }, 'enum.0'],
  [{ type: 'integer', title: 1 }, 'title'],
  [{ type: 'integer', description: 1 }, 'description'],
  [{ type: 'colour' }, 'type'],
  [{}, 'type'],
  [[], 'type'],
  ['integer', 'it'],
  [null, 'it'],
])('%j is no schema, and the sentence says where', (content, place) =>
  expect(() => readSchema(content)).toThrow(new RegExp(`^option\\.json: ${place}: .`)),
);

test.each([
  { type: 'integer', minimum: 1, default: 0 },
  { type: 'integer', default: 0.5 },
  { type: 'number', maximum: 1, default: 2 },
  { type: 'string', enum: ['cold'], default: 'warm' },
])('%j has a default that cannot be chosen', (content) =>
  expect(() => readSchema(content)).toThrow('option.json: it: the default does not fit the rest'),
);
