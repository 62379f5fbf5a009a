import * as v from 'valibot';

const name = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9]*$/, 'names of attributes are lower-case letters and digits'));
const text = v.string('must be text: put it in quotes, since attributes arrive as text');

/** `spec.filter.attributes`: each must be equal; an empty text means "present and not empty". */
export const attributes = v.record(name, text);

/** One item of `spec.filters`, in exactly one dialect. */
export interface Filter {
  exact?: Record<string, string> | undefined;
  prefix?: Record<string, string> | undefined;
  suffix?: Record<string, string> | undefined;
  all?: Filter[] | undefined;
  any?: Filter[] | undefined;
  not?: Filter | undefined;
}

const one = v.pipe(
  attributes,
  v.check((entries) => Object.keys(entries).length === 1, 'takes exactly one attribute; combine several with all or any'),
);

export const filter: v.GenericSchema<unknown, Filter> = v.pipe(
  v.strictObject({
    exact: v.optional(one),
    prefix: v.optional(one),
    suffix: v.optional(one),
    all: v.optional(v.array(v.lazy(() => filter))),
    any: v.optional(v.array(v.lazy(() => filter))),
    not: v.optional(v.lazy(() => filter)),
    cesql: v.optional(
      v.pipe(
        v.unknown(),
        v.check(() => false, 'cesql is not supported by the local runtime; use exact, prefix, suffix, all, any and not'),
      ),
    ),
  }),
  v.check((item) => Object.keys(item).length === 1, 'takes exactly one dialect'),
);
