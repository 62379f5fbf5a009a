export const unreachable = 'The lab cannot be reached: the connection seems to be down.';

/** What the response itself says is wrong. */
export async function detailOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  return problem.detail ?? `The lab answered with ${response.status}.`;
}
