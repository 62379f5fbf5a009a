import { expect, test } from 'vitest';
import { readSettings } from '../src/settings.ts';
import { readWishes } from '../src/upload/wishes.ts';

const choices = readSettings({
  STORE_URL: 'file:/store',
  K_SINK: 'http://broker',
  FILTERS: 'sepia,blur,tone,frame,warp',
  OPTIONS: JSON.stringify({
    blur: { type: 'integer', minimum: 1, maximum: 50 },
    tone: { type: 'string', enum: ['warm', 'cold'] },
    frame: { type: 'boolean' },
    warp: { type: 'number', minimum: -1 },
    other: { type: 'integer', default: 1 },
  }),
});

const received = (fields: Record<string, string>, filters: string[] = []) => ({
  fields: new Map(Object.entries({ email: 'a@example.org', ...fields })),
  filters: new Set(filters),
  faults: [] as string[],
});
const read = (fields: Record<string, string>, filters?: string[]) => {
  const content = received(fields, filters);
  return { wishes: readWishes(content, choices), faults: content.faults };
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
  ['locale', 'fr', /“locale” must be one of en, de, or left out to follow Accept-Language/],
  ['locale', 'de-AT', /“locale” must be one of/],
  ['locale', 'toString', /“locale” must be one of/],
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

test('a language that is named is kept apart from what is to be made', () => {
  expect(read({ locale: ' de ' })).toStrictEqual({
    wishes: { email: 'a@example.org', options: {}, locale: 'de', wait: 0 },
    faults: [],
  });
  expect(read({ locale: ' ' }).wishes).not.toHaveProperty('locale');
});

test.each(['', ' ', '\n'])('without an address (%j) there is no mail, unless it is required', (email) => {
  expect(read({ email })).toMatchObject({ wishes: { email: undefined }, faults: [] });
  const content = received({ email });
  readWishes(content, { ...choices, EMAIL_REQUIRED: true });
  expect(content.faults).toEqual([expect.stringContaining('No e-mail address was given. Say in the field “email”')]);
});

test('all that is wrong is named, in the order of the form', () => {
  const { faults } = read({ email: 'nobody', wait: 'x', format: 'x', quality: 'x' });
  expect(faults.map((fault) => /e-mail|“\w+”/.exec(fault)?.[0])).toEqual(['e-mail', '“format”', '“quality”', '“wait”']);
});

test('a choice for a filter is read by its own schema, and only for filters that there are', () => {
  const { wishes, faults } = read({ blur: ' 3 ', tone: 'cold', frame: 'true', warp: '-0.5', other: '7', sepia: '' });
  expect({ options: wishes.options, faults }).toEqual({
    options: { filters: { blur: 3, tone: 'cold', frame: true, warp: -0.5 } },
    faults: [],
  });
});

test('what was not chosen is the default, which the job records', () => {
  const OPTIONS = { blur: { type: 'integer', default: 3 }, sepia: { type: 'boolean', default: false } } as const;
  const wishes = (fields: Record<string, string>) =>
    readWishes(received(fields), { ...choices, FILTERS: ['blur', 'sepia'], OPTIONS });
  expect(wishes({}).options).toEqual({ filters: { blur: 3, sepia: false } });
  expect(wishes({ blur: '4', sepia: 'true' }).options).toEqual({ filters: { blur: 4, sepia: true } });
});

test.each([
  ['blur', '0', '“blur” must be a whole number from 1 to 50.'],
  ['blur', '51', '“blur” must be a whole number from 1 to 50.'],
  ['blur', '1.5', '“blur” must be a whole number from 1 to 50.'],
  ['blur', '0x5', '“blur” must be a whole number from 1 to 50.'],
  ['blur', 'much', '“blur” must be a whole number from 1 to 50.'],
  ['tone', 'Warm', '“tone” must be one of warm, cold.'],
  ['frame', 'yes', '“frame” must be true or false.'],
  ['warp', '-1.1', '“warp” must be a number, at least -1.'],
  ['sepia', '3', 'There is nothing to choose for “sepia”. Leave the field out.'],
])('%s=%s is refused by name', (name, value, fault) => expect(read({ [name]: value }).faults).toEqual([fault]));

test.each([
  ['{"blur": {"type": "integer", "minimum": "1"}}', /OPTIONS\.blur\.minimum: /],
  ['{"blur": {"type": "integer", "between": 1}}', /OPTIONS\.blur\.between: /],
  ['{"blur": {"type": "integer", "maximum": 2, "default": 3}}', /OPTIONS\.blur: the default does not fit/],
  ['{"Blur": {"type": "integer"}}', /OPTIONS/],
  ['blur', /OPTIONS: must be JSON/],
])('with OPTIONS=%s, ingest does not start', (OPTIONS, fault) => {
  const environment = { STORE_URL: 'file:/store', K_SINK: 'http://broker', FILTERS: 'blur', OPTIONS };
  expect(() => readSettings(environment)).toThrow(fault);
});

test.each([
  [[], undefined],
  [['sepia'], ['sepia']],
  [
    ['frame', '', 'sepia', 'blur'],
    ['sepia', 'blur', 'frame'],
  ],
])('of the filters %j are wanted', (named, filters) => {
  const { wishes, faults } = read({}, named);
  expect([wishes.filters, faults]).toEqual([filters, []]);
});

test.each([
  [[''], 'No filter was chosen. '],
  [['', 'invert'], 'There is no filter “invert”. '],
  [['sepia', 'Blur', 'toString'], 'There is no filter “Blur”, “toString”. '],
  [['x'.repeat(60)], `There is no filter “${'x'.repeat(50)}”. `],
])('the choice %j is refused, and what is offered is named', (named, fault) =>
  expect(read({}, named).faults).toEqual([
    `${fault}“filter” must name one or more of sepia, blur, tone, frame, warp, or be left out for all of them.`,
  ]),
);

test('what is chosen for a filter that is not wanted is of no account', () => {
  const { wishes, faults } = read({ blur: '99', tone: 'cold' }, ['tone']);
  expect([wishes.options, faults]).toEqual([{ filters: { tone: 'cold' } }, []]);
});
