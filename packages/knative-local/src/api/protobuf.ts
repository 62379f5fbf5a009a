import { StatusError } from './status-error.ts';

/**
 * `kubectl create configmap` and `kubectl create secret` send Protocol Buffers, and know no other way. This reads what they send: the
 * fields of a ConfigMap or Secret (k8s.io/api/core/v1/generated.proto) in Kubernetes' envelope.
 * @throws StatusError 400
 */
export function fromProtobuf(body: Buffer): unknown {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') throw new StatusError(400, 'the body is not a protobuf of Kubernetes');
  const envelope = fieldsIn(body.subarray(4));
  const type = fieldsIn(bytes(envelope, 1));
  const [apiVersion, kind] = [text(type, 1), text(type, 2)];
  const object = fieldsIn(bytes(envelope, 2));
  const meta = fieldsIn(bytes(object, 1));
  const metadata = {
    ...named({ name: text(meta, 1), generateName: text(meta, 2), namespace: text(meta, 3) }),
    labels: mapped(meta, 11, String),
    annotations: mapped(meta, 12, String),
  };
  const base64 = (value: Buffer) => value.toString('base64');
  if (apiVersion === 'v1' && kind === 'ConfigMap')
    return { apiVersion, kind, metadata, data: mapped(object, 2, String), ...named({ binaryData: mapped(object, 3, base64) }) };
  if (apiVersion === 'v1' && kind === 'Secret')
    return { apiVersion, kind, metadata, ...named({ type: text(object, 3) }), data: mapped(object, 2, base64) };
  throw new StatusError(400, `a ${kind} can only be sent as JSON or YAML`);
}

type Found = { number: number; value: Buffer }[];

/** The length-delimited fields of a message; numbers are skipped. */
function fieldsIn(message: Buffer): Found {
  const found: Found = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = message[at];
      at += 1;
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new StatusError(400, 'the body is not a protobuf of Kubernetes');
  };
  while (at < message.length) {
    const tag = varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    const length = wire === 2 ? varint() : 0;
    if (wire === 0) varint();
    else if (wire !== 2 || at + length > message.length) throw new StatusError(400, 'the body is not a protobuf of Kubernetes');
    if (wire === 2) found.push({ number, value: message.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function bytes(fields: Found, number: number): Buffer {
  return fields.findLast((each) => each.number === number)?.value ?? Buffer.alloc(0);
}

function text(fields: Found, number: number): string {
  return bytes(fields, number).toString();
}

/** A map is a list of entries: the key is field 1, the value is field 2. */
function mapped(fields: Found, number: number, read: (value: Buffer) => string): Record<string, string> {
  const entries = fields.filter((each) => each.number === number).map(({ value }) => fieldsIn(value));
  return Object.fromEntries(entries.map((entry) => [text(entry, 1), read(bytes(entry, 2))]));
}

/** Fields that are not empty. */
function named<Value extends object>(fields: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) =>
      typeof value === 'object' ? Object.keys(value as object).length > 0 : value !== '',
    ),
  ) as Partial<Value>;
}
