import type { OptionSchema } from '@darkroom/shared/filter/option';
import { type Html, html } from '../html/document.ts';
import type { Settings } from '../settings.ts';

type Offered = Pick<Settings, 'FILTERS' | 'OPTIONS'>;

/**
 * The part of the form that says which filters are wanted, with what can be chosen for each; empty where there is only one. The field
 * without a value says that one can choose here, so that nothing chosen does not read as everything.
 */
export function filterChoicesOf({ FILTERS, OPTIONS }: Offered): string {
  if (FILTERS.length < 2) return '';
  const choices = FILTERS.map(
    (name) =>
      html`<div class="choice">
        <label><input name="filter" type="checkbox" value="${name}" checked /> ${name}</label>
        ${fieldOf(name, OPTIONS)}
      </div>`,
  );
  return html`<fieldset id="filters">
    <legend>Prints to make</legend>
    <input type="hidden" name="filter" value="" />
    ${choices}
  </fieldset>`.html;
}

/** What can be chosen for the only filter. */
export function optionOf({ FILTERS, OPTIONS }: Offered): string {
  return FILTERS.length === 1 ? fieldOf(FILTERS[0]!, OPTIONS).html : '';
}

/** A field for what can be chosen for a filter, if anything can. */
function fieldOf(name: string, schemas: Offered['OPTIONS']): Html {
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (!schema) return html``;
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
