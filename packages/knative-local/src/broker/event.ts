/**
 * A CloudEvent in transit. Data stays the bytes that came, and attributes stay as headers carry them: a broker passes things on, and
 * must not lose anything by interpreting it.
 */
export interface CloudEvent {
  /** By lower-case name; includes `datacontenttype`, if there is one. */
  attributes: ReadonlyMap<string, string>;
  data: Buffer;
}

/** The input is not an event: 400, or for a reply, a failed delivery. */
export class NotAnEvent extends Error {
  override readonly name = 'NotAnEvent';
}

const required = ['id', 'source', 'type'];

/** The first required attribute that is missing or empty. */
export function missingAttribute({ attributes }: CloudEvent): string | undefined {
  return required.find((name) => !attributes.get(name));
}

const timestamp = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

export function withAttributes(event: CloudEvent, changes: Record<string, string | undefined>): CloudEvent {
  const attributes = new Map(event.attributes);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) attributes.delete(name);
    else attributes.set(name, value);
  }
  return { attributes, data: event.data };
}

/** An event as shown in the log. */
export function describe({ attributes }: CloudEvent): string {
  return `${attributes.get('type')} id=${attributes.get('id')}`;
}

/** @throws NotAnEvent if an attribute is not written as CloudEvents 1.0 requires; a missing one is not a matter of syntax */
export function wellFormed(event: CloudEvent): CloudEvent {
  const { attributes } = event;
  const version = attributes.get('specversion');
  if (version !== '1.0')
    throw new NotAnEvent(
      version === undefined ? 'ce-specversion is missing' : `specversion ${version} is not supported; use 1.0`,
    );
  for (const name of attributes.keys()) {
    if (!/^[a-z0-9]+$/.test(name))
      throw new NotAnEvent(`The attribute name ${name} is not allowed; use lower-case letters and digits`);
  }
  const time = attributes.get('time');
  if (time !== undefined && !timestamp.test(time))
    throw new NotAnEvent(`The attribute time is not an RFC 3339 timestamp: ${time}`);
  return event;
}
