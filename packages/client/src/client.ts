import createClient, { type ClientOptions } from 'openapi-fetch';
import type { paths } from './schema.ts';

export type { components, paths } from './schema.ts';

/** A program is not answered with pages, unless it asks for them. */
type Answers = 'application/json' | 'application/problem+json';

/**
 * A client that knows every operation of a Darkroom, with its parameters and answers.
 * @param baseUrl such as https://photos.example.org
 */
export function darkroomClient(baseUrl: string, options: Omit<ClientOptions, 'baseUrl'> = {}) {
  return createClient<paths, Answers>({ baseUrl, bodySerializer: formOf, ...options });
}

type Value = Blob | string | number | boolean | undefined;

/** The only bodies are forms: a value per field, or a list of files. */
function formOf(body: unknown): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(body as Record<string, Value | readonly Value[]>))
    for (const each of [value].flat()) if (each !== undefined) form.append(name, each instanceof Blob ? each : String(each));
  return form;
}
