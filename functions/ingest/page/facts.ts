import { element } from './dom.ts';

/** What the server that sent this page accepts. */
export interface Facts {
  maxFileBytes: number;
  maxFiles: number;
  /** What the paths of the lab begin with. */
  prefix: string;
  /** Whether HEIC photos are accepted. */
  HEIC: boolean;
}

export const facts = JSON.parse(element('#facts').textContent) as Facts;
