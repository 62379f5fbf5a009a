import type { NameServer } from './name-server.ts';

/** One or two of each range of IPv4 that is not public, the addresses at which clouds hand out credentials among them. */
const fours = `
  127.0.0.1 127.0.0.2 127.0.1.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.254 172.16.0.1 172.31.255.254 192.168.0.1 192.168.255.254
  169.254.169.254 169.254.0.1 100.64.0.1 100.100.100.200 192.0.0.1 192.0.0.192 192.0.2.1 198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1
  192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255`
  .trim()
  .split(/\s+/);

const sixes = `
  ::1 :: fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 2001::1 2001:10::1 2001:20::1 100::1 3fff::1 5f00::1 64:ff9b:1::1 4000::1`
  .trim()
  .split(/\s+/);

const octetsOf = (address: string) => address.split('.').map(Number) as [number, number, number, number];
const hex = (number: number) => `0x${number.toString(16)}`;
const octal = (number: number) => `0${number.toString(8)}`;
const wide = (text: string) => text.replaceAll(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)));

/** Ways of writing an IPv4 address that programs understand. */
function spellingsOf(address: string): string[] {
  const octets = octetsOf(address);
  const [a, b, c, d] = octets;
  const number = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return [
    address,
    `${address}.`,
    String(number),
    hex(number),
    octal(number),
    octets.map(hex).join('.'),
    octets.map(octal).join('.'),
    `${hex(a)}.${octal(b)}.${c}.${d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    address.replaceAll(/\d/g, (digit) => `%3${digit}`),
    wide(address),
    address.replaceAll('.', '。'),
  ];
}

/** IPv6 addresses that lead to an IPv4 address, or look as if they did. */
function sixesOf(address: string): string[] {
  const [a, b, c, d] = octetsOf(address);
  const groups = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  return [`::ffff:${groups}`, `::${groups}`, `64:ff9b::${groups}`, `2002:${groups}::1`, `::ffff:0:${groups}`];
}

/** All eight groups of four digits. */
function inFull(address: string): string {
  const [before = [], after = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0').toUpperCase()).join(':');
}

const literals = () => [
  ...fours.flatMap((address) => [...spellingsOf(address), `[::ffff:${address}]`, `[::${address}]`]),
  ...[...sixes, ...fours.flatMap(sixesOf)].flatMap((address) => [`[${address}]`, `[${inFull(address)}]`]),
];

const localNames = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  'a.b.localhost.',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'localhos%74',
  '%6cocalhost',
];

/** A public address that is not called either: its name has a private one as well. */
const [publicFour, publicSix] = ['1.1.1.1', '2606:4700:4700::1111'];

/** Makes names that lead to addresses which are not public. */
function names({ zones }: NameServer): string[] {
  let count = 0;
  const named = (zone: Parameters<typeof zones.set>[1]) => {
    const name = `h${(count += 1)}.example.net`;
    zones.set(name, zone);
    return name;
  };
  const ofFour = fours.flatMap((address) => {
    const direct = named({ A: [[address]] });
    const many = named({ A: [[publicFour, address]] });
    return [
      direct,
      many,
      named({ A: [[publicFour]], AAAA: [[`::ffff:${address}`]] }),
      named({ CNAME: direct }),
      named({ A: [[publicFour]], AAAA: [sixesOf(address).slice(2, 4)] }),
    ];
  });
  const ofSix = sixes.flatMap((address) => [
    named({ AAAA: [[address]] }),
    named({ A: [[publicFour]], AAAA: [[publicSix, address]] }),
    named({ CNAME: named({ AAAA: [[address]] }) }),
  ]);
  return [...ofFour, ...ofSix];
}

/** URLs at a port of this machine and of others, by which nobody may be reached. */
export function hostileTargets(nameServer: NameServer, port: number): string[] {
  const literally = [...literals(), ...localNames].map((host, index) => `${index % 3 === 0 ? 'https' : 'http'}://${host}`);
  const byName = names(nameServer).flatMap((host) => [`http://${host}`, `https://${host}`]);
  return [...literally, ...byName].map((url) => `${url}:${port}/hook`);
}

const redirects = [300, 301, 302, 303, 305, 307, 308];

/** Paths of a server that answers each with a redirect, and where that leads. */
export function hostileRedirects(port: number): { path: string; status: number; location: string }[] {
  const hosts = [...spellingsOf('127.0.0.1').slice(0, 8), 'localhost', '[::1]', '[::ffff:127.0.0.1]'];
  return redirects.flatMap((status) =>
    hosts.map((host, index) => ({ path: `/${status}/${index}`, status, location: `http://${host}:${port}/hook` })),
  );
}
