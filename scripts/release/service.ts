import type { Kubectl, Resource } from '../kubectl.ts';
import type { Fragment } from '../merged.ts';

/** A Knative Service, as far as a release reads and writes it. */
export interface Service extends Resource {
  spec: { template: Template; traffic?: Target[] };
  status?: NonNullable<Resource['status']> & { latestReadyRevisionName?: string };
}

/** What its revisions are made from. */
export interface Template {
  metadata?: { name?: string; [field: string]: unknown };
  spec: Fragment & { containers: { env?: { name: string; value?: string }[] }[] };
}

/** Where it sends a share of its requests. */
export interface Target {
  revisionName?: string;
  latestRevision?: boolean;
  tag?: string;
  percent?: number;
}

/** @throws with what to do if it is not there */
export async function readService(cluster: Kubectl, name: string): Promise<Service> {
  const service = await cluster.get<Service>('ksvc', name);
  if (!service) throw new Error(`There is no Service ${name} any more. Deploy it again: cd functions/${name} && kn func deploy`);
  return service;
}
