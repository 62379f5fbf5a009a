import { Rejected } from '@darkroom/shared/errors';

/** What came along with the photos, by name: form fields, or the query. */
export type Fields = Map<string, string>;

/** The query as fields. */
export function fieldsOf(query: URLSearchParams): Fields {
  const fields: Fields = new Map();
  for (const [name, value] of query) addField(fields, name, value);
  return fields;
}

/** @throws Rejected when the field is there already: which of two addresses would be meant? */
export function addField(fields: Fields, name: string, value: string): void {
  if (fields.has(name)) throw new Rejected(`The field “${name}” was sent more than once. Send it once.`, { status: 400 });
  fields.set(name, value);
}
