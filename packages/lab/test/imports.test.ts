import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'rolldown/utils';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../../..');
/** All that is written by hand: of packages and functions, of the templates that functions are made from, scripts, benches and tests. */
const files = globSync(
  [
    '*.ts',
    '{packages,functions,examples}/*/{src,page,test}/**/*.ts',
    'templates/*/*/src/**/*.ts',
    '{scripts,bench,test}/**/*.ts',
  ],
  { cwd: repository },
).filter((path) => !path.endsWith('.d.ts'));
/** What runs for people; the rest builds, measures and proves it. */
const product = files.filter((file) => /^(packages|functions|examples)\/[^/]+\/(src|page)\//.test(file));

/** What a file names in `import`, `export from` and `import()`, types included. */
function requestsOf(file: string): string[] {
  const text = readFileSync(join(repository, file), 'utf8');
  const { staticImports, staticExports, dynamicImports } = parseSync(file, text).module;
  return [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
  ];
}

/** The file of the repository that is meant; undefined for Node's own modules, and for packages of npm. */
function fileOf(importer: string, request: string): string | undefined {
  if (request.startsWith('.')) return relative(repository, join(repository, dirname(importer), request.replace(/\?inline$/, '')));
  const [, home, name] =
    /^(?:@darkroom\/(?=(?:shared|monitoring)\/)|(?=knative-local\/))(shared|monitoring|knative-local)\/(.+)$/.exec(request) ?? [];
  const places = name && [`packages/${home}/src/${name}.ts`, `packages/${home}/src/${name}/${name}.ts`];
  return places ? places.find((path) => existsSync(join(repository, path))) : undefined;
}

const requests = new Map(files.map((file) => [file, requestsOf(file)]));
const imports = new Map([...requests].map(([file, all]) => [file, all.flatMap((request) => fileOf(file, request) ?? [])]));

/** A circle in a graph, as the names along it; undefined where there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const clear = new Set<string>();
  function follow(node: string, path: string[]): string[] | undefined {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (clear.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = follow(next, [...path, node]);
      if (circle) return circle;
    }
    clear.add(node);
    return undefined;
  }
  for (const node of graph.keys()) {
    const circle = follow(node, []);
    if (circle) return circle;
  }
  return undefined;
}

/**
 * "packages/shared/src/store/open.ts" is in the room packages/shared/src/store. A file directly in src is a room of its own, and so is a
 * program in scripts or bench.
 */
function roomOf(file: string): string {
  const folder = dirname(file);
  return /(^|\/)(src|scripts|bench)$/.test(folder) ? file : folder;
}

test('every import leads to a file that is looked at here', () => {
  expect(product.length).toBeGreaterThan(150);
  for (const part of ['packages/knative-local/page/', 'templates/', 'scripts/', 'bench/', 'test/', 'packages/lab/test/'])
    expect(files.filter((file) => file.startsWith(part)).length, part).toBeGreaterThan(1);
  const all = [...imports].flatMap(([file, targets]) => targets.map((target) => ({ file, target })));
  expect(all.filter(({ target }) => !existsSync(join(repository, target)))).toEqual([]);
  for (const [file, requested] of requests)
    for (const request of requested.filter((each) => /^(\.|@darkroom|knative-local)/.test(each)))
      expect(fileOf(file, request), `${file}: ${request}`).toBeDefined();
});

test('no circle of imports between files', () => expect(circleIn(imports)).toBeUndefined());

test.each([
  ['folders', Infinity],
  // packages/knative-local/src/api, with all that is in it.
  ['folders with their own folders', 4],
])('between %s, imports go one way', (_which, depth) => {
  const rooms = new Map<string, string[]>();
  const roomAt = (file: string) => roomOf(file).split('/').slice(0, depth).join('/');
  // Tests have no folders that build on each other.
  for (const [file, targets] of [...imports].filter(([each]) => !/(^|\/)test\//.test(each))) {
    const room = roomAt(file);
    const others = targets.map(roomAt).filter((each) => each !== room);
    rooms.set(room, [...(rooms.get(room) ?? []), ...others]);
  }
  expect(circleIn(rooms)).toBeUndefined();
});

test('what runs for people imports no test, script or bench', () => {
  const known = new Set(product);
  const isOwn = (target: string) => known.has(target) || /\/page\/[^/]+\.(css|html)$|\/option\.json$/.test(target);
  const strays = product.flatMap((file) =>
    imports
      .get(file)!
      .filter((target) => !isOwn(target))
      .map((target) => `${file}: ${target}`),
  );
  expect(strays.filter((stray) => !stray.endsWith('.d.ts'))).toEqual([]);
});

/** What each may import of the repository, besides itself. */
test.each([
  ['packages/knative-local', []],
  ['packages/shared', []],
  ['packages/lab', ['packages/shared', 'packages/knative-local']],
  ['packages/monitoring', ['packages/knative-local']],
  ['packages/rollout', ['packages/shared', 'packages/monitoring']],
  ...globSync(['functions/*', 'examples/*', 'templates/*/*/src'], { cwd: repository }).map((folder): [string, string[]] => [
    folder,
    ['packages/shared'],
  ]),
] as [string, string[]][])('%s imports of the repository only itself and %j', (home, others) => {
  const own = files.filter((file) => file.startsWith(`${home}/`) && !file.startsWith(`${home}/test/`));
  expect(own).not.toEqual([]);
  const within = (target: string) => [home, ...others].some((folder) => target.startsWith(`${folder}/`));
  expect(own.flatMap((file) => imports.get(file)!.filter((target) => !within(target)))).toEqual([]);
});

test('knative-local knows nothing of Darkroom', () => {
  const own = globSync('packages/knative-local/{src/**/*,README.md,package.json}', { cwd: repository, withFileTypes: true });
  const texts = own.filter((entry) => entry.isFile()).map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
  expect(texts.length).toBeGreaterThan(30);
  expect(texts.filter((text) => /darkroom/i.test(text))).toEqual([]);
});
