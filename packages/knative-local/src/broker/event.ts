/**
 * A CloudEvent on its way through. Data stay the bytes that came, and attributes stay in the form in which headers carry
 * them: a broker passes on, and must not lose anything by understanding it.
 */
export interface Event {
  /** By lower-case name; `datacontenttype` included, where there is one. */
  attributes: ReadonlyMap<string, string>;
  data: Buffer;
}

/** The input is not an event: 400, or a failed delivery where it is a reply. */
export class NotAnEvent extends Error {
  override readonly name = 'NotAnEvent';
}

const required = ['id', 'source', 'type'];
const timestamp = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

export function withAttributes(event: Event, changes: Record<string, string | undefined>): Event {
  const attributes = new Map(event.attributes);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) attributes.delete(name);
    else attributes.set(name, value);
  }
  return { attributes, data: event.data };
}

/** An event in a line of the log. */
export function describe({ attributes }: Event): string {
  return `${attributes.get('type')} id=${attributes.get('id')}`;
}

/** @throws NotAnEvent where CloudEvents 1.0 does not allow it */
export function validated(event: Event): Event {
  const { attributes } = event;
  const version = attributes.get('specversion');
  if (version !== '1.0')
    throw new NotAnEvent(
      version === undefined ? 'ce-specversion is missing' : `specversion ${version} is not supported; use 1.0`,
    );
  for (const name of required) if (!attributes.get(name)) throw new NotAnEvent(`The attribute ${name} is missing`);
  for (const name of attributes.keys()) {
    if (!/^[a-z0-9]+$/.test(name))
      throw new NotAnEvent(`The attribute name ${name} is not allowed; use lower-case letters and digits`);
  }
  const time = attributes.get('time');
  if (time !== undefined && !timestamp.test(time))
    throw new NotAnEvent(`The attribute time is not an RFC 3339 timestamp: ${time}`);
  return event;
}
