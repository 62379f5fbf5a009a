import { readFile } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hasKn } from '../../knative-local/test/cluster-clients.ts';
import { openOwnLab } from '../../../scripts/own-lab.ts';
import { openShell, readWalkPage } from '../../../scripts/walk-page.ts';

const page = resolve(import.meta.dirname, '../../../docs/walk-local.md');

/** The lines of an output, each once, without what differs from run to run. */
function shapeOf(output: string): string[] {
  const lines = output.split('\n').map((line) =>
    line
      .replace(/^\{"job".*"links".*\}$/, 'a job as JSON')
      .replace(/^ *\d+ (ingest-v\d)$/, 'COUNT $1')
      .replace(/-deployment-\w+/, '-POD')
      .replace(/(-POD\s+\d\/1\s+\w+).*/, '$1')
      .replaceAll(/\d OK \/ \d/g, 'OK')
      .replaceAll(/\b\d+(?:\.\d+)?(?:ms|[smh])(?:\d+s)?\b/g, 'AGE')
      .replaceAll(/\b\d+\.\d+ s\b/g, 'TIME')
      .replaceAll(/:\d{4,5}\b/g, ':PORT')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  // How far the watch got with a pod depends on the machine; that there was another pod of v1 does not.
  const kept = lines.filter(
    (line) => !line.includes('-POD') || /^ingest-v1-POD (1\/1 Running|0\/1 ContainerCreating)$/.test(line),
  );
  return [...new Set(kept)].filter(Boolean).sort();
}

test.skipIf(!hasKn)('docs/walk-local.md: each command prints what the page says (skipped without kubectl and kn)', async () => {
  const lab = await openOwnLab({}, ['--scale-to-zero']);
  onTestFinished(() => lab.end());
  const kn = process.env['KN'] ? `${dirname(process.env['KN'])}${delimiter}` : '';
  const shell = openShell(lab.folder, { ...process.env, PATH: `${kn}${process.env['PATH']}` });
  onTestFinished(() => shell.end());
  const { blocks } = readWalkPage(await readFile(page, 'utf8'));
  expect(blocks.length).toBeGreaterThan(7);
  for (const { commands, output } of blocks) expect(shapeOf(await shell.run(commands)), commands).toEqual(shapeOf(output));
});
