import { expect, test } from 'vitest';
import { bearer, demandToken } from '@darkroom/shared/stage/token';

test('without EVENT_TOKEN, none is shown and none required', () => {
  for (const environment of [{}, { EVENT_TOKEN: '' }]) {
    expect(bearer(environment)).toEqual({});
    expect(() => demandToken(undefined, environment)).not.toThrow();
  }
});

test('with it, an event must show exactly that token', () => {
  const environment = { EVENT_TOKEN: 'secret' };
  expect(bearer(environment)).toEqual({ authorization: 'Bearer secret' });
  expect(() => demandToken('Bearer secret', environment)).not.toThrow();
  for (const shown of [undefined, '', 'secret', 'Bearer', 'Bearer secre', 'Bearer Secret', 'Bearer secretsecret'])
    expect(() => demandToken(shown, environment)).toThrow(expect.objectContaining({ status: 401 }));
});
