import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { faultsOf, post, settle } from '../people.ts';
import { repository } from '../repository.ts';
import type { Row } from '../row.ts';

const run = promisify(execFile);
const source = `import { filter } from '@darkroom/shared/filter';

export const { init, handle, shutdown, liveness, readiness } = filter('invert', (image) => void image.invert());
`;

export const filterRow: Row = {
  name: 'new-filter',
  what: 'invert: a function, kn trigger create, and a version that names it',
  async verify({ cluster, site, inbox }) {
    const { namespace } = cluster.kubectl;
    // Inside the repository, where the bundler finds what it shares.
    const parent = await mkdtemp(join(repository, '.functions-'));
    const folder = join(parent, 'invert');
    try {
      await mkdir(join(folder, 'src'), { recursive: true });
      const manifest = await readFile(join(repository, 'functions/sepia/func.yaml'), 'utf8');
      await writeFile(join(folder, 'func.yaml'), manifest.replace('name: sepia', 'name: invert'));
      const content = await readFile(join(repository, 'functions/sepia/package.json'), 'utf8');
      await writeFile(join(folder, 'package.json'), content.replace('/sepia"', '/invert"'));
      await writeFile(join(folder, 'src/index.ts'), source);
      await run(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: folder });
      await cluster.redeploy('invert', folder);
      const filters = ['--filter', 'type=dev.darkroom.image.uploaded', '--filter', 'invert=true'];
      await run('kn', [
        'trigger',
        'create',
        'invert',
        '--namespace',
        namespace,
        '--broker',
        'default',
        ...filters,
        '--sink',
        'ksvc:invert',
      ]);
      await cluster.kubectl.run(['wait', '--for=condition=Ready', 'trigger/invert', '--timeout=120s']);
      const environment = ['--env', 'FILTERS=grayscale,sepia,invert', '--env', 'ARCHIVE=true'];
      await run('kn', [
        'service',
        'update',
        'ingest',
        '--namespace',
        namespace,
        ...environment,
        '--revision-name',
        `ingest-v3-${Date.now()}`,
        '--tag',
        '@latest=v3',
      ]);
    } finally {
      await rm(parent, { recursive: true });
    }
    const sent = await post(site, { posts: 10, atOnce: 2, tag: 'v3' });
    const books = await settle(site, inbox, sent);
    const faults = faultsOf(books, 10);
    const { job } = sent[0]!;
    const status = JSON.parse((await site.request('GET', `/jobs/${job}`)).body.toString()) as {
      images: { results: Record<string, { status: string }> }[];
    };
    const made = Object.entries(status.images[0]!.results).map(([name, result]) => `${name} ${result.status}`);
    if (!made.includes('invert succeeded')) faults.push(`prints: ${made.join(', ')}`);
    const archive = await site.request('GET', `/jobs/${job}/archive.zip`);
    if (!archive.body.includes('invert/photo.jpg')) faults.push('the archive has no invert/photo.jpg');
    return { seen: `${made.join(', ')}; ZIP of ${archive.body.length} bytes; ${books.mails} mailed`, faults };
  },
};
