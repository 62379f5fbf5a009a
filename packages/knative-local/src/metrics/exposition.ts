/** What a process says at /metrics, in Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/. */
export interface Family {
  name: string;
  type: string;
  help: string;
  /** By name and labels as they are written. */
  samples: Map<string, number>;
}

export type Families = ReadonlyMap<string, Family>;

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(\S+)/;
const parts = /_(?:bucket|sum|count|total|created)$/;

/** What cannot be read is left out: one odd line must not hide the rest. */
export function readFamilies(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const familyOf = (name: string): Family => {
    const family = families.get(name) ?? { name, type: 'untyped', help: '', samples: new Map<string, number>() };
    families.set(name, family);
    return family;
  };
  for (const line of text.split('\n')) {
    const [, keyword, described = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') familyOf(described).help = rest;
    else if (keyword === 'TYPE') familyOf(described).type = rest;
    const [, name, labels = '', written] = sampleLine.exec(line) ?? [];
    if (name === undefined) continue;
    const value = Number(written === '+Inf' ? Infinity : written === '-Inf' ? -Infinity : written);
    const family = families.has(name) ? name : name.replace(parts, '');
    familyOf(families.has(family) ? family : name).samples.set(`${name}{${labels.replace(/,$/, '')}}`, value);
  }
  return families;
}

/** @param more labels, which come first */
export function labelled(series: string, more: Record<string, string>): string {
  const brace = series.indexOf('{');
  const own = series.slice(brace + 1, -1);
  const added = Object.entries(more).map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, escaped)}"`);
  return `${series.slice(0, brace)}{${[...added, own].filter(Boolean).join(',')}}`;
}

/** The labels of a series, as they are meant. */
export function labelsOf(series: string): Record<string, string> {
  const pairs = [...series.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value!.replaceAll(/\\(.)/g, unescaped)]));
}

const unescaped = (_pair: string, character: string) => (character === 'n' ? '\n' : character);
const escaped = (character: string) => (character === '\n' ? '\\n' : `\\${character}`);

export function writeFamilies(families: Families): string {
  return [...families.values()]
    .filter(({ samples }) => samples.size > 0)
    .map(({ name, type, help, samples }) => {
      const lines = [...samples].map(([series, value]) => `${series.replace(/\{\}$/, '')} ${format(value)}`);
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
    })
    .join('\n');
}

function format(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}
