import type * as v from 'valibot';
import type { Environment } from '../machine.ts';
import type { func } from './func-schema.ts';
import type { container } from './schema.ts';

type Container = v.InferOutput<typeof container>;
type FuncEnvs = NonNullable<NonNullable<v.InferOutput<typeof func>['run']>['envs']>;

export interface EnvironmentSources {
  configMaps: ReadonlyMap<string, Record<string, string>>;
  secrets: ReadonlyMap<string, Record<string, string>>;
  /** Overrides keys of Secrets and ConfigMaps of the same name. Literal values in a manifest are left alone. */
  operator: Environment;
  /** The operator's variables that reach every function, whether or not a manifest names them. */
  operational?: RegExp | undefined;
  /** Called with the path inside the document, and what is wrong there. */
  fault: (path: PropertyKey[], message: string) => void;
}

/** `run.envs` of a func.yaml: literals, `{{ env:X }}`, `{{ secret:name:KEY }}`, `{{ configMap:name[:KEY] }}`. */
export function ofFunction(
  envs: FuncEnvs,
  { configMaps, secrets, operator, operational, fault }: EnvironmentSources,
): Record<string, string> {
  const imported: Environment = {};
  const named: Environment = {};
  for (const [index, { name, value = '' }] of envs.entries()) {
    const path = ['run', 'envs', index];
    const [, source, from = '', key] = /^\{\{\s*(env|secret|configMap):([\w.-]+)(?::([\w.-]+))?\s*\}\}$/.exec(value) ?? [];
    if (name === undefined) {
      if (source === 'configMap' && key === undefined) Object.assign(imported, keysOf(from, path));
      else if (source === 'secret' && key === undefined) Object.assign(imported, overridden(secrets.get(from) ?? {}, operator));
      else fault(path, 'an entry without a name takes {{ configMap:name }} or {{ secret:name }}');
    } else if (source === 'configMap' && key !== undefined) named[name] = operator[name] ?? keysOf(from, path)[key];
    else if (source === 'secret') named[name] = operator[name] ?? operator[key ?? name] ?? secrets.get(from)?.[key ?? name];
    else if (source === 'env') named[name] = operator[from] ?? missing(from, path);
    else named[name] = value;
  }
  return merge({ passed: passedOf(operator, operational), imported, named });

  function keysOf(map: string, path: PropertyKey[]): Environment {
    const keys = configMaps.get(map);
    if (!keys) fault(path, `there is no ConfigMap ${map} in the config folder`);
    return overridden(keys ?? {}, operator);
  }
  function missing(variable: string, path: PropertyKey[]): undefined {
    fault(path, `needs ${variable} in your environment; set it and start again`);
  }
}

/** `env` and `envFrom` of a Service's container. */
export function ofContainer(
  { env = [], envFrom = [] }: Container,
  path: PropertyKey[],
  { configMaps, secrets, operator, operational, fault }: EnvironmentSources,
): Record<string, string> {
  const imported: Environment = {};
  const named: Environment = {};
  for (const [index, { configMapRef, secretRef }] of envFrom.entries()) {
    if (configMapRef) Object.assign(imported, keysOf(configMapRef.name, [...path, 'envFrom', index]));
    if (secretRef) Object.assign(imported, overridden(secrets.get(secretRef.name) ?? {}, operator));
  }
  for (const [index, { name, value, valueFrom }] of env.entries()) {
    const { configMapKeyRef: map, secretKeyRef: secret } = valueFrom ?? {};
    if (map) named[name] = operator[name] ?? keysOf(map.name, [...path, 'env', index])[map.key];
    else if (secret) named[name] = operator[name] ?? operator[secret.key] ?? secrets.get(secret.name)?.[secret.key];
    else named[name] = value ?? '';
  }
  return merge({ passed: passedOf(operator, operational), imported, named });

  function keysOf(map: string, at: PropertyKey[]): Environment {
    const keys = configMaps.get(map);
    if (!keys) fault(at, `there is no ConfigMap ${map} in the config folder`);
    return overridden(keys ?? {}, operator);
  }
}

/** A named variable takes precedence over an imported one, whatever their order, as in a container. */
function merge({ passed, imported, named }: Record<'passed' | 'imported' | 'named', Environment>): Record<string, string> {
  const entries = Object.entries({ ...passed, ...imported, ...named });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function passedOf(operator: Environment, operational: RegExp | undefined): Environment {
  return Object.fromEntries(Object.entries(operator).filter(([name]) => operational?.test(name)));
}

function overridden(keys: Record<string, string>, operator: Environment): Environment {
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, operator[key] ?? value]));
}
