/** The colours of the page (functions/ingest/page/base.css), by name: not every mail program knows variables. */
export interface Colours {
  ground: string;
  card: string;
  ink: string;
  faint: string;
  line: string;
  safelight: string;
  onSafelight: string;
  paper: string;
}

export const light: Colours = {
  ground: '#efebe3',
  card: '#faf8f3',
  ink: '#231d17',
  faint: '#6d6357',
  line: '#cfc6b8',
  safelight: '#a8331a',
  onSafelight: '#fff',
  paper: '#fffefb',
};

export const dark: Colours = {
  ground: '#14100e',
  card: '#1d1815',
  ink: '#ece3d8',
  faint: '#a4968a',
  line: '#3c332c',
  safelight: '#ff7a55',
  onSafelight: '#1d0c06',
  paper: '#e9e2d6',
};
