import { isIP } from 'node:net';
import * as v from 'valibot';
import { Rejected } from '../errors.ts';
import { mayReach, networks } from './networks.ts';

/** The most characters of a target. */
export const longestTarget = 1000;

/** What a target may be. Ingest refuses any other at once, and webhook asks again: settings change, and jobs outlive them. */
export const targetSettings = {
  /** Whether jobs may have a webhook at all, and whether by HTTP without TLS as well. */
  WEBHOOKS: v.optional(v.picklist(['off', 'https', 'http'], 'must be off, https or http'), 'https'),
  /** Networks that a webhook may reach although they are not public. */
  WEBHOOK_NETWORKS: v.optional(networks),
};

export type TargetSettings = v.InferOutput<v.ObjectSchema<typeof targetSettings, undefined>>;

/**
 * Reads the address that a webhook is to call.
 * @returns it in the form of WHATWG's URL standard, in which 127.1, 0x7f000001 and 2130706433 are all 127.0.0.1
 * @throws Rejected with status 400, saying what is wrong
 */
export function readTarget(text: string, { WEBHOOKS, WEBHOOK_NETWORKS }: TargetSettings): URL {
  if (WEBHOOKS === 'off') throw fault('This Darkroom calls no webhooks. Leave “notify_url” out, and ask for the status instead.');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const schemes = WEBHOOKS === 'http' ? ['https', 'http'] : ['https'];
  if (!url || !schemes.includes(url.protocol.slice(0, -1)))
    throw fault(
      `“notify_url” must be a complete address that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}.`,
    );
  url.hash = '';
  if (url.href.length > longestTarget)
    throw fault(`“notify_url” is longer than ${longestTarget} characters. Give a shorter one.`);
  if (url.username !== '' || url.password !== '')
    throw fault('“notify_url” must not contain a user name or a password. Verify the signature of the webhook instead.');
  const host = literalOf(url) ?? url.hostname;
  const isOpen = isIP(host) === 0 ? !/(^|\.)localhost\.?$/.test(host) : mayReach(host, WEBHOOK_NETWORKS ?? []);
  if (!isOpen)
    throw fault('“notify_url” leads to an address that is not public. Give one that can be reached from the Internet.');
  return url;
}

/** The address in a URL that names none but its IP address. */
export function literalOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

const fault = (message: string) => new Rejected(message, { status: 400 });
