import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { foreignness, misdirection } from '../src/foreign.ts';

const asked = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;

test.each([
  { host: 'localhost:1080' },
  { host: 'LOCALHOST:1080' },
  { host: 'localhost.:1080' },
  { host: '127.0.0.1:1080' },
  { host: '[::1]:1080' },
  { host: 'inbox.localhost' },
  { host: 'localhost:1080', origin: 'http://localhost:1080' },
  { host: 'localhost:1080', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
  { host: 'localhost:1080', 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
  { host: 'localhost:1080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
])('%j is of this machine', (headers) => {
  expect(foreignness(asked(headers))).toBeUndefined();
});

test.each([
  { host: 'evil.example' },
  { host: 'localhost.evil.example:1080' },
  { host: '127.0.0.1.evil.example' },
  { host: 'evil.example:1080', origin: 'http://evil.example:1080' },
  { host: '10.0.0.7:1080' },
  { host: '[::2]:1080' },
  { host: '' },
  { host: 'localhost:1080', origin: 'http://evil.example' },
  { host: 'localhost:1080', origin: 'null' },
  { host: 'localhost:1080', origin: 'http://localhost:3000' },
  { host: 'localhost:1080', origin: 'http://127.0.0.1:1080' },
  { host: 'localhost:1080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  { host: 'localhost:1080', 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
])('%j is foreign', (headers) => {
  expect(foreignness(asked(headers))).toMatch(/\.$/);
});

test('a public address answers to local names, IP addresses and listed names', () => {
  const hosts = [
    'localhost:8080',
    'x',
    'studio:8080',
    'studio.local',
    '192.168.1.5:8080',
    '[fe80::1]:8080',
    'Photos.Example.com',
  ];
  for (const host of hosts) expect(misdirection(asked({ host }), ['photos.example.com']), host).toBeUndefined();
  for (const host of ['evil.example', 'evil.example:8080', 'photos.example.com.evil.example'])
    expect(misdirection(asked({ host }), ['photos.example.com']), host).toContain('is not known by the name');
});
