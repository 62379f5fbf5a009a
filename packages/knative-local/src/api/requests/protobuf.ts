import protobuf from 'protobufjs';
import { explain } from '../../errors.ts';
import { StatusError } from '../model/status-error.ts';

/** `kubectl create configmap` and `kubectl create secret` send Protocol Buffers, and know no other way. */
const { root } = protobuf.parse(`
  syntax = "proto2";
  message Unknown { optional TypeMeta typeMeta = 1; optional bytes raw = 2; }
  message TypeMeta { optional string apiVersion = 1; optional string kind = 2; }
  message ObjectMeta {
    optional string name = 1; optional string generateName = 2; optional string namespace = 3;
    map<string, string> labels = 11; map<string, string> annotations = 12;
  }
  message ConfigMap { optional ObjectMeta metadata = 1; map<string, string> data = 2; map<string, bytes> binaryData = 3; }
  message Secret { optional ObjectMeta metadata = 1; map<string, bytes> data = 2; optional string type = 3; }`);

/**
 * Reads a ConfigMap or Secret in the envelope of Kubernetes.
 * @throws StatusError 400
 */
export function fromProtobuf(body: Buffer): object {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') throw new StatusError(400, 'the body is not a protobuf of Kubernetes');
  try {
    const { typeMeta, raw } = decoded('Unknown', body.subarray(4)) as { typeMeta: { kind: string }; raw: string };
    if (['ConfigMap', 'Secret'].includes(typeMeta.kind))
      return { ...typeMeta, ...decoded(typeMeta.kind, Buffer.from(raw, 'base64')) };
  } catch (cause) {
    throw new StatusError(400, `the body is not a protobuf of Kubernetes: ${explain(cause)}`, { cause });
  }
  throw new StatusError(400, 'only a ConfigMap or Secret can be sent as protobuf; send JSON or YAML');
}

/** Bytes in base64, as JSON has them. */
function decoded(message: string, bytes: Buffer): object {
  return root.lookupType(message).decode(bytes).toJSON();
}
