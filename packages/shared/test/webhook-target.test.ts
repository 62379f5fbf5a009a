import { Rejected } from '@darkroom/shared/errors';
import { mayReach, networks } from '@darkroom/shared/webhook/networks';
import { longestTarget, readTarget, type TargetSettings } from '@darkroom/shared/webhook/target';
import { parse, safeParse } from 'valibot';
import { expect, test } from 'vitest';

const read = (text: string, settings: Partial<TargetSettings> = {}) => readTarget(text, { WEBHOOKS: 'https', ...settings }).href;

test.each([
  ['https://shop.example.com/hook?token=1', 'https://shop.example.com/hook?token=1'],
  ['HTTPS://Shop.Example.com:443', 'https://shop.example.com/'],
  ['https://müller.example/', 'https://xn--mller-kva.example/'],
  ['https://shop.example.com:8443/#part', 'https://shop.example.com:8443/'],
  ['https://1.1.1.1/', 'https://1.1.1.1/'],
  ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/'],
  ['https://localhost.example.com/', 'https://localhost.example.com/'],
  ['https://shop.example.com/a\nb', 'https://shop.example.com/ab'],
])('%j is read as %j', (text, href) => expect(read(text)).toBe(href));

test.each([
  ['', /complete address that begins with https:\/\/\.$/],
  ['shop.example.com', /complete address/],
  ['http://shop.example.com/', /complete address/],
  ['ftp://shop.example.com/', /complete address/],
  ['file:///etc/passwd', /complete address/],
  ['javascript:alert(1)', /complete address/],
  ['https://', /complete address/],
  ['https://ada:secret@shop.example.com/', /user name or a password/],
  ['https://ada@shop.example.com/', /user name or a password/],
  [`https://shop.example.com/${'a'.repeat(longestTarget)}`, /longer than 1000 characters/],
  ['https://127.1/', /not public/],
  ['https://0x7f000001/', /not public/],
  ['https://2130706433/', /not public/],
  ['https://[::1]/', /not public/],
  ['https://[::ffff:10.0.0.1]/', /not public/],
  ['https://169.254.169.254/latest/meta-data/', /not public/],
  ['https://localhost/', /not public/],
  ['https://a.LOCALHOST./', /not public/],
])('%j is refused with 400', (text, message) => {
  const act = () => read(text);
  expect(act).toThrow(message);
  expect(act).toThrow(expect.objectContaining({ name: Rejected.name, status: 400 }));
});

test('settings allow HTTP and networks, or nothing', () => {
  expect(read('http://shop.example.com/', { WEBHOOKS: 'http' })).toBe('http://shop.example.com/');
  expect(() => read('ftp://shop.example.com/', { WEBHOOKS: 'http' })).toThrow('https:// or http://');
  const allowed = { WEBHOOK_NETWORKS: parse(networks, '10.1.0.0/16, fd00::/8') };
  for (const host of ['10.1.2.3', '[fd00::1]', '1.1.1.1']) expect(read(`https://${host}/`, allowed)).toBe(`https://${host}/`);
  for (const host of ['10.2.0.1', '[fc00::1]', '127.0.0.1'])
    expect(() => read(`https://${host}/`, allowed)).toThrow('not public');
  expect(() => read('https://shop.example.com/', { WEBHOOKS: 'off' })).toThrow('calls no webhooks');
});

test.each(['10.1.0.0', '10.1.0.0/33', 'example.com', '10.1.0.0/16,', ''])('%j names no networks', (text) =>
  expect(safeParse(networks, text).success).toBe(false),
);

test.each([
  ['8.8.8.8', true],
  ['2a00:1450:4001::1', true],
  // Through NAT64, what counts is where it leads.
  ['64:ff9b::8.8.8.8', true],
  ['64:ff9b::10.0.0.1', false],
  ['64:ff9b:1::8.8.8.8', false],
  ['::ffff:8.8.8.8', false],
  ['::8.8.8.8', false],
  ['2002:808:808::', false],
  ['4000::1', false],
  ['3fff::1', false],
  ['192.0.2.1', false],
  ['8.8.8', false],
  ['example.com', false],
])('%s: reachable is %s', (address, reachable) => expect(mayReach(address, [])).toBe(reachable));
