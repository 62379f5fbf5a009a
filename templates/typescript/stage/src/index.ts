import { log } from '@darkroom/shared/log';
import { stage } from '@darkroom/shared/stage';

/**
 * Hears one kind of event, the type in its Trigger; the broker may deliver an event twice, late, or out of order.
 * What it returns goes back to the broker as the next event; what it throws is tried again.
 */
export const { init, handle, shutdown, liveness, readiness } = stage(() => async ({ type, job, outcome }) => {
  log(`heard ${type}`, { job, outcome });
  return undefined;
});
