import { type Form, formOf } from './client.ts';
import { quality } from './photo.ts';

/** The form in which a person posts a photo, to the lab and to the floor alike. */
export function orderOf(bytes: Buffer): Promise<Form> {
  const file = new File([new Uint8Array(bytes)], 'photo.jpg', { type: 'image/jpeg' });
  return formOf({ email: 'person@example.com', quality: String(quality), file });
}
