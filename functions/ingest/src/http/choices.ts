import type { OptionSchema } from '@darkroom/shared/filter/option';
import { type Html, html } from '../html/document.ts';
import type { Settings } from '../settings.ts';

/** A field of the form for each filter that has something to choose. */
export function choicesOf({ FILTERS, OPTIONS }: Pick<Settings, 'FILTERS' | 'OPTIONS'>): string {
  return FILTERS.flatMap((name) => (Object.hasOwn(OPTIONS, name) ? [fieldOf(name, OPTIONS[name]!).html] : [])).join('\n');
}

function fieldOf(name: string, schema: OptionSchema): Html {
  const title = schema.title ?? `${name[0]!.toUpperCase()}${name.slice(1)}`;
  const hint = schema.description === undefined ? html`` : html`<p>${schema.description}</p>`;
  return html`<div class="field">
    <label for="${name}">${title}</label>
    ${controlOf(name, schema)} ${hint}
  </div>`;
}

function controlOf(name: string, schema: OptionSchema): Html {
  if (schema.type === 'boolean') return selectOf(name, ['true', 'false'], { true: 'Yes', false: 'No' }, schema.default);
  if (schema.type === 'string') return selectOf(name, schema.enum, {}, schema.default);
  const { minimum, maximum, type } = schema;
  const from = minimum === undefined ? html`` : html`min="${minimum}"`;
  const to = maximum === undefined ? html`` : html`max="${maximum}"`;
  const step = type === 'integer' ? '1' : 'any';
  return html`<input id="${name}" name="${name}" type="number" ${from} ${to} step="${step}" value="${schema.default ?? ''}" />`;
}

function selectOf(name: string, values: readonly string[], words: Record<string, string>, chosen: string | boolean = ''): Html {
  const options = values.map((value) => {
    const selected = value === String(chosen) ? html`selected` : html``;
    return html`<option value="${value}" ${selected}>${words[value] ?? value}</option>`;
  });
  const none = chosen === '' ? [html`<option value="">Automatic</option>`] : [];
  return html`<select id="${name}" name="${name}">
    ${[...none, ...options]}
  </select>`;
}
