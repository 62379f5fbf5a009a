import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, formOf, jpeg, openBench, type Receipt } from './support.ts';

const isThere = spawnSync('schemathesis', ['--version']).status === 0;

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
];

/** It knows how to send bytes, but not that these are some. */
const bytesOfTus = `import schemathesis
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
`;

describe.skipIf(!isThere)('the description, judged by schemathesis (skipped without it on the PATH)', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  /** Generates requests from the description, with some parameters fixed. */
  async function judge(parameters: Record<string, string>, excluded: string[]): Promise<{ code: unknown; said: string }> {
    const config = join(bench.lab.environment['TMPDIR']!, 'schemathesis.toml');
    const lines = Object.entries(parameters).map(([name, value]) => `"path.${name}" = "${value}"`);
    const hooks = join(bench.lab.environment['TMPDIR']!, 'hooks.py');
    await writeFile(hooks, bytesOfTus);
    await writeFile(config, [`hooks = "${hooks}"`, '[parameters]', ...lines].join('\n'));
    const { url } = bench.ingest;
    const options = ['--url', url, '--checks', checks.join(), '--max-examples', '20', '--seed', '1'];
    const exclusions = excluded.flatMap((id) => ['--exclude-operation-id', id]);
    const phases = ['--phases', 'coverage,fuzzing'];
    const given = ['--config-file', config, 'run', `${url}/openapi.json`, ...options, ...phases, ...exclusions];
    // It leaves a folder where it runs.
    const judging = spawn('schemathesis', given, { cwd: bench.lab.environment['TMPDIR']! });
    const [said, [code]] = await Promise.all([text(judging.stdout), once(judging, 'close')]);
    return { code, said };
  }

  // A stream of events lasts for minutes.
  test('whatever is sent, no 5xx and no answer that is not described', async () => {
    const { code, said } = await judge({}, ['followJob']);
    expect(code, said).toBe(0);
  });

  test('the same of a job and a picture that are there', async () => {
    const body = formOf(['file', { name: 'a.jpg', bytes: jpeg }]);
    const { job } = (await (await fetch(bench.ingest.url, { method: 'POST', body })).json()) as Receipt;
    const { code, said } = await judge({ job, image: '1', file: 'original.jpg' }, ['followJob', 'deleteJob', 'getArchive']);
    expect(code, said).toBe(0);
  });
});
