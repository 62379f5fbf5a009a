import { Counter, Registry } from 'prom-client';
import { type MailOutcome, outcomeKinds } from './outcome.ts';

/** Counts attempts by outcome, at /metrics. */
export function countMails(): (outcome: MailOutcome) => void {
  const mails = new Counter({
    name: 'darkroom_mails_total',
    help: 'Attempts to send a mail, by outcome. Alert on misconfigured: our own sender, sign-in or address is refused.',
    labelNames: ['outcome'],
    registers: [],
  });
  for (const outcome of outcomeKinds) mails.inc({ outcome }, 0);
  serveWithRuntime((registry) => registry.registerMetric(mails));
  return ({ kind: outcome }) => mails.inc({ outcome });
}

/** faas-js-runtime keeps its registry private, but sets its default labels right after creating it, once, at its start. */
function serveWithRuntime(add: (registry: Registry) => void): void {
  const { setDefaultLabels } = Registry.prototype;
  Registry.prototype.setDefaultLabels = function (this: Registry, labels) {
    Registry.prototype.setDefaultLabels = setDefaultLabels;
    add(this);
    return setDefaultLabels.call(this, labels);
  };
}
