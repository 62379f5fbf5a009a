import { describe as group, expect, test } from 'vitest';
import { claimsToBeEvent, passedOn, readEvent, toHeaders } from '../src/broker/binding.ts';
import { describe, missingAttribute, NotAnEvent, withAttributes } from '../src/broker/event.ts';
import { headerSafe } from '../src/broker/structured.ts';
import { binary } from './subscriber.ts';

const nothing = Buffer.alloc(0);
const json = { 'content-type': 'application/cloudevents+json' };
const event = { specversion: '1.0', id: '1', source: '/test', type: 'test' };
const structured = (fields: object) => readEvent(json, Buffer.from(JSON.stringify({ ...event, ...fields })));

test.each([
  ['2026-01-02T03:04:05Z'],
  ['2026-01-02t03:04:05z'],
  ['2026-01-02 03:04:05.678901Z'],
  ['2026-01-02T03:04:05+01:00'],
  ['2026-01-02T03:04:05.6-11:30'],
])('%s is a time', (time) => {
  expect(readEvent(binary({ time }), nothing).attributes.get('time')).toBe(time);
});

test.each([
  ['yesterday'],
  ['2026-01-02T03:04:05'],
  ['2026-01-02T03:04:05.Z'],
  ['2026-01-02T03:04:05,6Z'],
  ['2026-01-02T03:04:05+0100'],
  ['2026-01-02T03:04:05+1:00'],
  ['2026-01-02T03:04:05+01:0'],
  ['2026-01-02T03:04:05*01:00'],
  ['2026-01-02T03:04:05x6Z'],
  ['2026-01-02T03:04Z'],
  ['2026-01-02'],
  ['226-01-02T03:04:05Z'],
  ['2026-1-02T03:04:05Z'],
  ['2026-01-2T03:04:05Z'],
  ['2026-01-02T3:04:05Z'],
  ['2026-01-02T03:4:05Z'],
  ['2026-01-02T03:04:5Z'],
  ['2026-01-02_03:04:05Z'],
  ['at 2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05Z or so'],
  ['yyyy-01-02T03:04:05Z'],
  ['2026-mm-02T03:04:05Z'],
  ['2026-01-ddT03:04:05Z'],
  ['2026-01-02Thh:04:05Z'],
  ['2026-01-02T03:mm:05Z'],
  ['2026-01-02T03:04:ssZ'],
  ['2026-01-02T03:04:05.fZ'],
  ['2026-01-02T03:04:05+hh:00'],
  ['2026-01-02T03:04:05+01:mm'],
])('%s is not a time, and the answer names it', (time) => {
  expect(() => readEvent(binary({ time }), nothing)).toThrow(
    new NotAnEvent(`The attribute time is not an RFC 3339 timestamp: ${time}`),
  );
});

test.each([
  ['ce-specversion is missing', () => readEvent({ 'ce-id': '1' }, nothing)],
  ['specversion 0.3 is not supported', () => readEvent(binary({ specversion: '0.3' }), nothing)],
  ['The attribute name a_b is not allowed', () => readEvent(binary({ a_b: 'x' }), nothing)],
  ['The attribute name _a is not allowed', () => readEvent(binary({ _a: 'x' }), nothing)],
  ['The attribute name a_ is not allowed', () => readEvent(binary({ a_: 'x' }), nothing)],
  ['The attribute name A is not allowed', () => structured({ A: 'x' })],
  ['The attribute name  is not allowed', () => structured({ '': 'x' })],
  ['Batches are not supported', () => readEvent({ 'content-type': 'application/cloudevents-batch+json' }, Buffer.from('[]'))],
  ['The event format application/cloudevents+avro', () => readEvent({ 'content-type': 'application/cloudevents+avro' }, nothing)],
  ['The body is not JSON', () => readEvent(json, Buffer.from('{'))],
  ['not a JSON object', () => readEvent(json, Buffer.from('"text"'))],
  ['not a JSON object', () => readEvent(json, Buffer.from('null'))],
  ['not a JSON object', () => readEvent(json, Buffer.from('[]'))],
  ['The attribute list is neither text, number nor boolean', () => structured({ list: [] })],
  ['data_base64 must be text', () => structured({ data_base64: 5 })],
  ['stand without data', () => structured({ data: 'x', data_base64: 'AA==' })],
  ['data of the type text/plain must be text', () => structured({ datacontenttype: 'text/plain', data: 5 })],
  ['data of the type application/json5', () => structured({ datacontenttype: 'application/json5', data: {} })],
  ['data of the type x-application/json', () => structured({ datacontenttype: 'x-application/json', data: {} })],
  ['data of the type image/json', () => structured({ datacontenttype: 'image/json', data: {} })],
])('%s', (message, read) => {
  expect(read).toThrow(NotAnEvent);
  expect(read).toThrow(message);
});

test('binary mode: attributes are the headers that begin with ce-, and content-type; data is the body, untouched', () => {
  const data = Buffer.from([0, 255]);
  const headers = { ...binary({ a1: 'x' }), 'content-type': 'image/png', 'x-other': 'y', 'ce-datacontenttype': 'text/plain' };
  const read = readEvent({ ...headers, 'ce-list': ['a', 'b'] }, data);
  expect(Object.fromEntries(read.attributes)).toEqual({ ...event, id: 'one', a1: 'x', datacontenttype: 'image/png' });
  expect(read.data).toBe(data);
  expect(toHeaders(read)).toEqual({ ...binary({ a1: 'x' }), 'content-type': 'image/png', 'content-length': '2' });
  // Only content-type says what the data is.
  expect(readEvent({ ...binary({}), 'ce-datacontenttype': 'x/y' }, data).attributes.has('datacontenttype')).toBe(false);
});

group('structured mode', () => {
  test('attributes are the fields, as text; those that are null are not there', () => {
    const read = structured({ count: 5, flag: false, none: null, subject: 'Grüße', data: null });
    expect(Object.fromEntries(read.attributes)).toEqual({ ...event, count: '5', flag: 'false', subject: 'Gr%C3%BC%C3%9Fe' });
  });

  test.each<[string, string, string]>([
    ['nothing', '', ''],
    ['null for data_base64', ',"data_base64":null', ''],
    ['bytes', ',"datacontenttype":"image/png","data_base64":"aGk="', 'hi'],
    ['text', ',"datacontenttype":"text/plain","data":"gr\u00fcn"', 'gr\u00fcn'],
    ['text beside null', ',"datacontenttype":"text/plain","data":"x","data_base64":null', 'x'],
    [
      'JSON, without a type',
      ',"data":{"a":[1.0,12345678901234567890,null,true,"t"]}',
      '{"a":[1.0,12345678901234567890,null,true,"t"]}',
    ],
    ['JSON, with a parameter', ',"datacontenttype":"application/json ; charset=utf-8","data":"t"', '"t"'],
    ['JSON of the other name', ',"datacontenttype":"TEXT/JSON","data":null', 'null'],
  ])('%s is the data', (_name, fields, data) => {
    const text = `${JSON.stringify(event).slice(0, -1)}${fields}}`;
    expect(readEvent(json, Buffer.from(text)).data.toString()).toBe(data);
  });
});

test.each<[boolean, Record<string, string>]>([
  [true, { 'ce-specversion': '1.0' }],
  [true, { 'content-type': 'application/cloudevents+json' }],
  [true, { 'content-type': ' Application/CloudEvents-batch+json;x=y' }],
  [false, { 'content-type': 'text/plain; note=application/cloudevents' }],
  [false, { 'ce-id': '1' }],
  [false, {}],
])('it is %s that %j claims to be an event', (claims, headers) => expect(claimsToBeEvent(headers)).toBe(claims));

test('tracing and the headers of Knative travel along, and nothing else', () => {
  const along = {
    'x-request-id': 'a',
    'retry-after': 'b',
    'knative-extra': 'c',
    'x-b3-traceid': 'd',
    traceparent: 'e',
    tracestate: 'f',
  };
  const not = {
    'my-x-request-id': '',
    'x-request-ids': '',
    'not-knative-extra': '',
    cookie: '',
    baggage: '',
    'x-b3': '',
    authorization: '',
  };
  expect(passedOn({ ...along, ...not, 'knative-list': ['a'] })).toEqual(along);
});

test.each([
  ['id', { source: 's', type: 't' }],
  ['source', { id: '1', source: '', type: 't' }],
  ['type', { id: '1', source: 's' }],
  [undefined, { id: '1', source: 's', type: 't' }],
])('the first attribute that is missing or empty: %s', (missing, attributes) => {
  expect(missingAttribute({ attributes: new Map(Object.entries(attributes)), data: nothing })).toBe(missing);
});

test('an event with other attributes leaves the first one as it was', () => {
  const first = {
    attributes: new Map([
      ['id', '1'],
      ['ttl', '5'],
    ]),
    data: Buffer.from('x'),
  };
  const other = withAttributes(first, { ttl: undefined, type: 't' });
  expect([...other.attributes]).toEqual([
    ['id', '1'],
    ['type', 't'],
  ]);
  expect([first.attributes.size, other.data]).toEqual([2, first.data]);
  expect(describe(other)).toBe('t id=1');
});

test.each([
  ['plain ~ text', 'plain ~ text'],
  ['a\u0000\u001f\u007fb', 'a%00%1F%7Fb'],
  ['gr\u00fcn \ud83d\ude00', 'gr%C3%BCn %F0%9F%98%80'],
  ['half \ud83d a sign', 'half %EF%BF%BD a sign'],
])('a header carries %j as %s', (text, safe) => expect(headerSafe(text)).toBe(safe));
