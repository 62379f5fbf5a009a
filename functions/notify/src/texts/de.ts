import { duration } from '@darkroom/shared/job/retention';
import { intlOf } from './intl.ts';
import type { Texts } from './texts.ts';

const { number, list, size } = intlOf('de');

export const de: Texts = {
  subject(prints) {
    if (prints === 0) return 'Ihre Fotos konnten nicht entwickelt werden';
    return prints === 1 ? 'Ihr Abzug ist fertig' : `Ihre ${number(prints)} Abzüge sind fertig`;
  },
  made: (photo, filters) => `${photo}: ${list(filters)}`,
  more: (lines) => `und ${number(lines)} weitere`,
  whereabouts: {
    attached: 'Sie finden alles im Anhang.',
    attachedArchive: 'Sie finden alles im Anhang: eine ZIP-Datei, in der auch Ihre Originale liegen.',
    linked: 'Für eine Mail ist das zu viel. Alles liegt auf der Seite für Sie bereit.',
    nowhere: 'Die Gründe stehen unten. Bitte schicken Sie andere Fotos.',
  },
  links: {
    page: (prints) => (prints > 0 ? 'Abzüge ansehen' : 'Auftrag ansehen'),
    archive: (bytes) => `Alles als ZIP laden, ${size(bytes)}`,
    deletion: 'Fotos löschen',
  },
  archive: 'ZIP-Datei',
  headings: { madeInPart: 'Nur zum Teil entwickelt (Hinweise auf Englisch)', notMade: 'Nicht entwickelt (Gründe auf Englisch)' },
  retention: (seconds) =>
    `Fotos und Abzüge werden ${duration(seconds, 'de')} nach dieser Mail gelöscht. Bis dahin kann sie jeder ansehen und löschen, der diese Links hat.`,
  origin:
    'Sie erhalten diese Mail, weil jemand mit dieser Adresse Fotos an Darkroom geschickt hat. Wenn Sie das nicht waren, ignorieren Sie die Mail, oder löschen Sie die Fotos über den Link oben.',
};
