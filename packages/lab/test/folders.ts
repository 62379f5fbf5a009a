import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as platform from '../../knative-local/test/folders.ts';

const trigger = (name: string) => `---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: { name: ${name} }
spec:
  broker: default
  filter: { attributes: { type: dev.darkroom.image.uploaded, ${name}: 'true' } }
  subscriber: { ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: stage } }
`;
const eventType = (type: string) => `---
apiVersion: eventing.knative.dev/v1beta3
kind: EventType
metadata: { name: ${type} }
spec: { attributes: [{ name: type, value: ${type} }] }
`;

/** The fixtures of knative-local, with what the lab asks of a wiring: each filter is heard, and each event is emitted by somebody. */
export async function copyFixtures(): Promise<string> {
  const folder = await platform.copyFixtures();
  const types = ['dev.darkroom.image.uploaded', 'test.published', 'test.finished'];
  await writeFile(join(folder, 'config/lab.yaml'), [...['one', 'two'].map(trigger), ...types.map(eventType)].join(''));
  return folder;
}
