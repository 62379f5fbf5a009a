import { safeParse } from 'valibot';
import { expect, test } from 'vitest';
import { secrets, signatureHeaders } from '../src/signature.ts';

test('the signature is that of the example in the specification', () => {
  const { output } = safeParse(secrets, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
  expect(signatureHeaders(output as Buffer[], signed)['webhook-signature']).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

const bytes = (count: number) => `whsec_${Buffer.alloc(count, 7).toString('base64')}`;

test.each([bytes(24), bytes(64), ` ${bytes(24)}  ${bytes(32)} `])('%s is taken', (text) =>
  expect(safeParse(secrets, text).success).toBe(true),
);
test.each([
  '',
  'secret',
  bytes(23),
  bytes(65),
  bytes(24).replace('whsec_', ''),
  `${bytes(24)} secret`,
  'whsec_!!!!',
  `${bytes(24)}%`,
])('%s is no secret, and the fault does not quote it', (text) => {
  const { success, issues } = safeParse(secrets, text);
  expect(success).toBe(false);
  expect(issues![0].message).toBe('must be whsec_ and 24 to 64 bytes in base64');
});
