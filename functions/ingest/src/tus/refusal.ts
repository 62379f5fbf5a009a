/** The library answers 403 to what it cannot read, and 501 to what it does not do; both are the fault of the request. */
export const statusOf = (status: number) => (status === 403 || status === 501 ? 400 : status);

const details: Record<number, string> = {
  404: 'There is no such upload: it has expired, it has become a part of a job, or the address is incomplete. Begin a new one with POST /uploads.',
  409: 'The upload is at another offset. Ask for it with HEAD, and continue from there.',
  410: 'The upload has expired. Begin a new one with POST /uploads.',
  412: 'This is for clients of the tus protocol, version 1.0.0. Send “Tus-Resumable: 1.0.0”, or post the photos to / as a form.',
  413: 'The upload is larger than a photo may be, or than it was said to be. OPTIONS tells the limit as “Tus-Max-Size”.',
};

/** What the library complains about, for the person who wrote the client. @param text in its own words */
export function detailOf(status: number, text: string): string {
  const words = text.trim().replace(/\.$/, '');
  return details[status] ?? `${words || 'The request could not be read'}. See https://tus.io/protocols/resumable-upload.`;
}
