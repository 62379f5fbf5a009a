import * as v from 'valibot';
import { filterName } from '../config.ts';
import { Misconfigured, Rejected } from '../errors.ts';

/** What a person may choose for a filter: `blur=3`. */
export type OptionValue = string | number | boolean;

const common = { title: v.exactOptional(v.string()), description: v.exactOptional(v.string()) };
const bounds = {
  minimum: v.exactOptional(v.number()),
  maximum: v.exactOptional(v.number()),
  default: v.exactOptional(v.number()),
};
const anySchema = v.variant('type', [
  v.strictObject({ type: v.literal('integer'), ...bounds, ...common }),
  v.strictObject({ type: v.literal('number'), ...bounds, ...common }),
  v.strictObject({ type: v.literal('boolean'), default: v.exactOptional(v.boolean()), ...common }),
  v.strictObject({
    type: v.literal('string'),
    enum: v.pipe(v.array(v.string()), v.minLength(1)),
    default: v.exactOptional(v.string()),
    ...common,
  }),
]);
const schema = v.pipe(
  anySchema,
  v.check((wanted) => wanted.default === undefined || fits(wanted, wanted.default), 'the default does not fit the rest'),
);

/** The part of JSON Schema that describes one option: a number with bounds, a word out of several, or yes and no. */
export type OptionSchema = v.InferOutput<typeof anySchema>;

/** A schema per filter, as JSON: {"blur": {"type": "integer", "minimum": 1, "maximum": 50, "default": 3}} */
export const optionSchemas = v.pipe(v.string(), v.parseJson(undefined, 'must be JSON'), v.record(filterName, schema));

/** @throws Misconfigured if that is no such schema */
export function readSchema(content: unknown): OptionSchema {
  const result = v.safeParse(schema, content);
  if (!result.success)
    throw new Misconfigured(`option.json: ${v.getDotPath(result.issues[0]) ?? 'it'}: ${result.issues[0].message}`);
  return result.output;
}

/**
 * Reads what a person wrote into a field.
 * @throws Rejected with a sentence that names the field
 */
export function readOption(name: string, wanted: OptionSchema, text: string): OptionValue {
  if (wanted.type === 'string') return checkOption(name, wanted, text);
  if (wanted.type === 'boolean') return checkOption(name, wanted, text === 'true' ? true : text === 'false' ? false : text);
  return checkOption(name, wanted, /^-?\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : text);
}

/** @throws Rejected with a sentence that names the field */
export function checkOption(name: string, wanted: OptionSchema, value: OptionValue): OptionValue {
  if (!fits(wanted, value)) throw new Rejected(`“${name}” must be ${inWords(wanted)}.`, { status: 400 });
  return value;
}

function fits(wanted: OptionSchema, value: OptionValue): boolean {
  if (wanted.type === 'boolean') return typeof value === 'boolean';
  if (wanted.type === 'string') return typeof value === 'string' && wanted.enum.includes(value);
  const { minimum = -Infinity, maximum = Infinity } = wanted;
  return (
    typeof value === 'number' && value >= minimum && value <= maximum && (wanted.type === 'number' || Number.isInteger(value))
  );
}

function inWords(wanted: OptionSchema): string {
  if (wanted.type === 'boolean') return 'true or false';
  if (wanted.type === 'string') return `one of ${wanted.enum.join(', ')}`;
  const { type, minimum, maximum } = wanted;
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${kind}, at least ${minimum}`;
  return maximum === undefined ? kind : `${kind}, at most ${maximum}`;
}
