import { Rejected } from '@darkroom/shared/errors';

const truncated = /aborted|closed|premature|unexpected end|terminated early|ECONNRESET/i;

/** What is wrong with an upload that could not be read to its end. */
export function brokenOff(cause: unknown): Rejected {
  const message = cause instanceof Error ? cause.message : String(cause);
  const detail = truncated.test(message)
    ? 'The upload broke off before it was complete. Nothing was kept; send it again.'
    : `The form could not be read (${message}). Send it as multipart/form-data, as a browser or curl -F does.`;
  return new Rejected(detail, { status: 400, cause });
}
