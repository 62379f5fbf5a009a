import { duration } from '@darkroom/shared/job/retention';
import { intlOf } from './intl.ts';
import type { Texts } from './texts.ts';

const { number, list, size } = intlOf('en');

export const en: Texts = {
  subject(prints) {
    if (prints === 0) return 'Your photos could not be developed';
    return prints === 1 ? 'Your print is ready' : `Your ${number(prints)} prints are ready`;
  },
  made: (photo, filters) => `${photo}: ${list(filters)}`,
  more: (lines) => `and ${number(lines)} more`,
  whereabouts: {
    attached: 'They are attached.',
    attachedArchive: 'They are attached as a ZIP file, together with your originals.',
    linked: 'They are too large to mail. Get them from the page.',
    nowhere: 'The reasons are below. Send other photos.',
  },
  links: {
    page: (prints) => (prints > 0 ? 'See your prints' : 'See the job'),
    archive: (bytes) => `Download all as ZIP, ${size(bytes)}`,
    deletion: 'Delete the photos',
  },
  archive: 'ZIP file',
  headings: { madeInPart: 'Made in part', notMade: 'Not made' },
  retention: (seconds) =>
    `Photos and prints are deleted ${duration(seconds, 'en')} after this mail. Until then, whoever has these links can see and delete them.`,
  origin:
    'You are getting this mail because somebody posted photos to Darkroom with this address. If it was not you, ignore it, or delete the photos with the link above.',
};
