/**
 * Imported, a module of Node shows all that it has, and for that loads what it otherwise loads when it is asked for: node:http its WebSocket, with all
 * of fetch, a quarter of the time in which Node itself starts; node:fs its streams. Most functions use none of it. So they are taken from
 * `process.getBuiltinModule`, and of each module only what is used is looked at.
 */
export function moduleOf(id: string): string {
  if (late.includes(id.replace('node:', ''))) return lateModule(id);
  return [
    `const $builtin = process.getBuiltinModule('${id}');`,
    `const $take = (name) => $builtin[name];`,
    `export default $builtin;`,
    ...Object.keys(process.getBuiltinModule(id) ?? {})
      .filter((key) => key !== 'default')
      .map((key) => `export const ${key} = /* @__PURE__ */ $take('${key}');`),
  ].join('\n');
}

/** Those that take longest to load, and that workers, and servers before their first request, do without: they are loaded when a function is called. */
const late = ['crypto', 'http', 'https', 'v8', 'vm', 'zlib'];
function lateModule(id: string): string {
  return [
    `const $load = () => process.getBuiltinModule('${id}');`,
    `const $take = (name) => $load()[name];`,
    `const $later = (name) => (...values) => $load()[name](...values);`,
    `export default /* @__PURE__ */ new Proxy({}, { get: (_none, name) => $load()[name] });`,
    ...shapeOf(id).map(
      ([key, how]) => `export const ${key} = /* @__PURE__ */ ${how === 'called' ? '$later' : '$take'}('${key}');`,
    ),
  ].join('\n');
}
/** The same for those who require it, and take out of it at once what they will call. */
export function lateRequired(id: string): string {
  const properties = shapeOf(id).map(([key, how]) =>
    how === 'called' ? `${key}: later('${key}')` : `get ${key}() { return load().${key}; }`,
  );
  return `const load = () => process.getBuiltinModule('${id}');
const later = (name) => (...values) => load()[name](...values);
module.exports = { ${properties.join(', ')} };`;
}
/** What a module of Node has, and whether that is called: classes begin with a capital. */
function shapeOf(id: string): [key: string, how: 'called' | 'taken'][] {
  return Object.entries(process.getBuiltinModule(id) ?? {}).map(([key, value]) => [
    key,
    /^[a-z]/.test(key) && typeof value === 'function' ? 'called' : 'taken',
  ]);
}
