import { expect, test } from 'vitest';
import { bulkhead } from '../src/http/bulkhead.ts';
import { clientOf, networkOf, trusted } from '../src/http/client.ts';
import { refuseOtherSites } from '../src/http/origin.ts';
import { readSettings } from '../src/settings.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ['1::6:7:8', '1:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['64:ff9b:1::ffff:192.0.2.1', '64:ff9b:1:0::/64'],
  ['1::3:4:5:6:7:8', '1:0:3:4::/64'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (ip, network) => expect(networkOf(ip)).toBe(network));

const environment = { STORE_URL: 'file:/x', K_SINK: 'http://x', FILTERS: 'sepia' };
const settings = (proxies: string) => readSettings({ ...environment, TRUSTED_PROXIES: proxies });

test('proxies are given by their number or by their networks', () => {
  expect(clientOf({ ip: '192.0.2.1', headers: {} }, settings(''))).toBeUndefined();
  expect(clientOf({ ip: '192.0.2.1', headers: {} }, settings('0'))).toBe('192.0.2.1');
  const two = trusted(settings('2').TRUSTED_PROXIES);
  expect([0, 1, 2].map((hop) => two('x', hop))).toEqual([true, true, false]);
  const networks = trusted(settings('10.0.0.0/8, loopback, fd00::/8').TRUSTED_PROXIES);
  const addresses = ['10.1.2.3', '11.1.2.3', '127.0.0.1', '::1', 'fd00::1', 'fe00::1'];
  expect(addresses.filter((address) => networks(address, 0))).toEqual(['10.1.2.3', '127.0.0.1', '::1', 'fd00::1']);
});

test.each(['anyone', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '-1', 'true', '10.0.0.0/8/8/'])('%s is no proxy', (text) =>
  expect(() => settings(text)).toThrow(/TRUSTED_PROXIES: must be/),
);

test.each(['https://a.example/', 'a.example', 'https://a.example/path', '*'])('%s is no origin', (text) =>
  expect(() => readSettings({ ...environment, ALLOWED_ORIGINS: text })).toThrow(/ALLOWED_ORIGINS: must be/),
);

test('a place is counted once for each holder, and given back once', () => {
  const { enter } = bulkhead({ kind: 'posts', all: 3, perClient: 2 });
  const leave = enter('a');
  enter('a');
  expect(() => enter('a')).toThrow(expect.objectContaining({ status: 429 }));
  enter('b');
  expect(() => enter('c')).toThrow(expect.objectContaining({ status: 503 }));
  leave();
  leave();
  enter('a');
  expect(() => enter('a')).toThrow(expect.objectContaining({ status: 429, name: 'Busy', retryAfter: 10 }));
  expect(() => enter('c')).toThrow(expect.objectContaining({ status: 503, name: 'Busy', retryAfter: 5 }));
});

test('the last place of a client is given back like the others', () => {
  const { enter } = bulkhead({ kind: 'posts', all: 0, perClient: 2 });
  const leaves = [enter('a'), enter('a')];
  for (const leave of leaves) leave();
  enter('a');
  enter('a');
  expect(() => enter('a')).toThrow(/You have 2 posts under way/);
});

test('clients that cannot be told apart give their places back as well', () => {
  const { enter } = bulkhead({ kind: 'posts', all: 1, perClient: 1 });
  enter(undefined)();
  const leave = enter(undefined);
  expect(() => enter(undefined)).toThrow(/too many posts/);
  leave();
  enter('a');
});

test('0 is no limit, and unknown clients have none', () => {
  const free = bulkhead({ kind: 'posts', all: 0, perClient: 0 });
  const unknown = bulkhead({ kind: 'posts', all: 3, perClient: 1 });
  for (let count = 0; count < 1000; count += 1) free.enter('a');
  for (let count = 0; count < 3; count += 1) unknown.enter(undefined);
  expect(() => unknown.enter(undefined)).toThrow(/too many posts/);
});

test.each([
  [{ host: 'lab.example', origin: 'https://lab.example' }, true],
  [{ host: 'lab.example:8080', origin: 'http://lab.example:8080' }, true],
  [{ host: 'lab.example:8080', origin: 'http://lab.example' }, false],
  [{ host: 'lab.example', origin: 'not a url' }, false],
  [{ host: 'lab.example', 'sec-fetch-site': 'none' }, true],
  [{ host: 'lab.example', origin: 'https://lab.example', 'sec-fetch-site': 'cross-site' }, false],
  [{ host: 'lab.example', 'sec-fetch-site': 'same-site' }, false],
  [{ host: 'lab.example', 'sec-fetch-site': 'same-origin' }, true],
  [{ host: 'lab.example', origin: 'https://shop.example', 'sec-fetch-site': 'cross-site' }, true],
  [{ host: 'lab.example', origin: 'https://shop.example:8443', 'sec-fetch-site': 'cross-site' }, false],
  [{ host: 'lab.example' }, true],
])('%j', ({ host, ...headers }, own) => {
  const refuse = () => refuseOtherSites({ host, headers }, ['https://other.example', 'https://shop.example']);
  if (own) refuse();
  else expect(refuse).toThrow(expect.objectContaining({ status: 403 }));
});
