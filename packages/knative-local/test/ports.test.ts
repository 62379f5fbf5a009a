import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { CannotStart } from '../src/errors.ts';
import { freePort, portTaken, settledPort, whenFree } from '../src/process/ports.ts';
import { testClock } from './clock.ts';

test('a port that a predecessor still has is waited for, but not for long, and nothing else is', async () => {
  const clock = testClock();
  let tries = 0;
  const taking = (failures: number, code: string) => async () => {
    tries += 1;
    if (tries <= failures) throw Object.assign(new Error(code), { code });
    return clock.now();
  };
  const begun = clock.now();
  const taken = whenFree(taking(3, 'EADDRINUSE'), clock);
  await clock.advance(150);
  expect(await taken).toBe(begun + 150);
  tries = 0;
  const never = whenFree(taking(Infinity, 'EADDRINUSE'), clock).catch((error: unknown) => error);
  await clock.advance(2000);
  expect(await never).toMatchObject({ code: 'EADDRINUSE' });
  expect(tries).toBe(41);
  tries = 0;
  await expect(whenFree(taking(1, 'EACCES'), clock)).rejects.toThrow('EACCES');
});

test('a port that comes free meanwhile is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const settled = settledPort(port, String, {
    ...testClock(),
    sleep: () => new Promise((resolve) => void other.close(() => resolve())),
  });
  expect(await settled).toBe(port);
});

const another = (port: number) => `PORT=${port} start`;

/** A port that another program has. */
async function takenPort(): Promise<number> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const address = other.address();
  return typeof address === 'object' && address ? address.port : 0;
}

test('a port that stays taken is reported with what to do', async () => {
  const port = await takenPort();
  const clock = testClock();
  const failure = settledPort(port, another, { ...clock, sleep: () => Promise.resolve() }).catch((error: unknown) => error);
  expect(await failure).toEqual(
    new CannotStart(`Port ${port} is taken by another program. Stop it, or choose another: PORT=${port + 1} start`),
  );
});

test.each([
  [8080, 'EADDRINUSE', /8080 is taken .* PORT=8081 start/],
  [65_534, 'EADDRINUSE', /PORT=65535 start/],
  [65_535, 'EADDRINUSE', /PORT=65534 start/],
  [80, 'EACCES', /80 needs privileges .* above 1023: PORT=8080 start/],
  [8080, 'EADDRNOTAVAIL', /8080 cannot be used. .*: PORT=8081 start/],
  [65_534, 'EADDRNOTAVAIL', /PORT=65535 start/],
  [65_535, 'EADDRNOTAVAIL', /PORT=65534 start/],
])('port %i with %s', (port, code, message) => {
  const cause = Object.assign(new Error('x'), { code });
  const failure = portTaken(port, another, cause);
  expect(failure).toBeInstanceOf(CannotStart);
  expect([failure.message, failure.cause]).toEqual([expect.stringMatching(message), cause]);
});

test('a port that is handed out is free, and no port is handed out twice', async () => {
  const port = await freePort();
  expect(await settledPort(port, another, testClock())).toBe(port);
  const found = [port, port + 1, port + 1, port + 2];
  const next = () => freePort(() => Promise.resolve(found.shift()!));
  expect([await next(), await next()]).toEqual([port + 1, port + 2]);
  expect(await settledPort(0, another)).toBeGreaterThan(1023);
});
