import { expect, test } from 'vitest';
import { testClock } from '../../../packages/shared/test/support/clock.ts';
import { classifyFailure, type SendGridFailure } from '../src/sendgrid-reply.ts';

const status = (code: number, ...fields: unknown[]): SendGridFailure => ({
  code,
  response: { body: { errors: fields.map((field) => ({ field })) } },
});
const later = (code: number, retryAfter: unknown): SendGridFailure => ({
  code,
  response: { headers: { 'retry-after': retryAfter } },
});
const unsent = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_TLS_HANDSHAKE_TIMEOUT',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER',
];

// The test clock says 2026-07-01T12:00:00Z.
test.each<[SendGridFailure, object]>([
  // The person's address, unless a field says otherwise.
  [status(400), { kind: 'addressRefused', answer: 'SendGrid answered 400' }],
  [{ code: 400 }, { kind: 'addressRefused', answer: 'SendGrid answered 400' }],
  [
    { code: 400, response: {} },
    { kind: 'addressRefused', answer: 'SendGrid answered 400' },
  ],
  [status(400, null), { kind: 'addressRefused', answer: 'SendGrid answered 400' }],
  [status(400, 'personalizations.0.to.0.email'), { kind: 'addressRefused', answer: 'SendGrid answered 400' }],
  [status(400, 'personalizations.0.from'), { kind: 'addressRefused', answer: 'SendGrid answered 400' }],
  [status(400, 'personalizations.0.content'), { kind: 'addressRefused', answer: 'SendGrid answered 400' }],
  // The mail.
  [status(400, 'personalizations', 'attachments.0.content'), { kind: 'contentRefused', answer: 'SendGrid answered 400' }],
  [status(400, 'content.1.value'), { kind: 'contentRefused', answer: 'SendGrid answered 400' }],
  [status(413), { kind: 'contentRefused', answer: 'SendGrid answered 413' }],
  // Us.
  [status(400, 'content', 'from.email'), { kind: 'misconfigured', answer: 'SendGrid answered 400: the sender' }],
  [status(400, 'reply_to.email'), { kind: 'misconfigured', answer: 'SendGrid answered 400: the sender' }],
  [status(401), { kind: 'misconfigured', answer: 'SendGrid answered 401' }],
  [status(403, 'from'), { kind: 'misconfigured', answer: 'SendGrid answered 403' }],
  [status(404), { kind: 'misconfigured', answer: 'SendGrid answered 404' }],
  [status(499), { kind: 'misconfigured', answer: 'SendGrid answered 499' }],
  [{}, { kind: 'misconfigured', answer: 'the SendGrid library refused the mail' }],
  // Later.
  [{ code: 503 }, { kind: 'busy', answer: 'SendGrid answered 503' }],
  ...[408, 429, 500, 503].map((code): [SendGridFailure, object] => [
    status(code),
    { kind: 'busy', answer: `SendGrid answered ${code}` },
  ]),
  ...[
    ['120', 120],
    ['0', 0],
    ['Wed, 01 Jul 2026 12:02:00 GMT', 120],
    ['Wed, 01 Jul 2026 11:00:00 GMT', 0],
    ['Wed, 01 Jul 2026 12:02:00 +0000', 120],
    ['01 Jul 2026 12:02:00 GMT', 120],
  ].map(([retryAfter, retryAfterSeconds]): [SendGridFailure, object] => [
    later(429, retryAfter),
    { kind: 'busy', answer: 'SendGrid answered 429', retryAfterSeconds },
  ]),
  ...['soon', '', undefined, 7, ['7', '8']].map((retryAfter): [SendGridFailure, object] => [
    later(503, retryAfter),
    { kind: 'busy', answer: 'SendGrid answered 503' },
  ]),
  // Nothing was sent, or nobody knows.
  ...unsent.map((code): [SendGridFailure, object] => [{ code }, { kind: 'busy', answer: `SendGrid answered ${code}` }]),
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_BAD_RESPONSE', 'XECONNREFUSED', 'EPROTOX', 'EAI_', 'EAI_A-B'].map(
    (code): [SendGridFailure, object] => [{ code }, { kind: 'unsure', answer: `SendGrid answered ${code}` }],
  ),
  [{ isAxiosError: true }, { kind: 'unsure', answer: 'SendGrid answered nothing' }],
])('%j: %j', (failure, outcome) => {
  expect(classifyFailure(failure, testClock())).toStrictEqual(outcome);
});
