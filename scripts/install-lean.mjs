import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const unloadedFile = /\.(map|[cm]?ts)$/;
/** Below .pnpm: pictures that tests compare with, and tests at the top of a package. */
const unloadedFolder = /\/__image_snapshots__$|^\/[^/]+\/node_modules\/(@[^/]+\/)?[^/@]+\/(tests?|__tests__)$/;

/** A third of Node's package, for whoever compiles modules against it. */
export function dropHeaders(modules) {
  const folder = join(modules, 'node/node_modules');
  for (const name of readdirSync(folder).filter((each) => each.startsWith('node-')))
    rmSync(join(folder, name, 'include'), { recursive: true, force: true });
}

/** A quarter of all packages by size: Node runs no TypeScript below node_modules, and reads no source maps unless it is told to. */
export function dropUnloaded(modules) {
  dropBelow(join(modules, '.pnpm'), '');
}

/** Never through a link, which is neither a file nor a folder here: some lead to Darkroom's own packages. */
function dropBelow(folder, path) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const [place, inPackages] = [join(folder, entry.name), `${path}/${entry.name}`];
    if (entry.isFile() && unloadedFile.test(entry.name)) rmSync(place);
    else if (entry.isDirectory() && unloadedFolder.test(inPackages)) rmSync(place, { recursive: true });
    else if (entry.isDirectory()) dropBelow(place, inPackages);
  }
}
