import { Rejected } from '../errors.ts';
import { boxLength, type ImageType, latin1, sniff } from './formats.ts';

/** A kind of file that Darkroom does not develop, and what its owner can do. */
interface Foreign {
  name: string;
  advice: string;
}

const asJpeg = 'Export it as JPEG and send that.';
const raw = (maker: string): Foreign => ({
  name: `a camera RAW file${maker && ` (${maker})`}`,
  advice: 'Export it as JPEG in your photo program, or send the JPEG that the camera made.',
});
/** Unless HEIC=true. */
const heic: Foreign = {
  name: 'a HEIC photo, as iPhones take them',
  advice: 'On the iPhone choose Settings > Camera > Formats > Most Compatible, or send it as JPEG.',
};
const video: Foreign = { name: 'a video', advice: 'Send a photo, or a still picture of the video as JPEG.' };
const audio: Foreign = { name: 'a sound file', advice: 'Send a photo.' };
const bigTiff: Foreign = { name: 'a BigTIFF', advice: 'Save it as an ordinary TIFF, or as PNG.' };
const archive: Foreign = { name: 'a ZIP archive or an Office document', advice: 'Unpack it and send the photos in it.' };
const packed: Foreign = { name: 'an archive', advice: 'Unpack it and send the photos in it.' };
const graphic = (name: string): Foreign => ({ name, advice: 'Export it as PNG or JPEG and send that.' });

/** Bytes at an offset that identify a format, from its specification or the signatures of `file`. */
const signatures: [at: number, letters: string, Foreign][] = [
  [8, 'CR\x02\0', raw('Canon CR2')],
  [6, 'HEAPCCDR', raw('Canon CRW')],
  [0, 'FUJIFILMCCD-RAW', raw('Fujifilm RAF')],
  [0, 'IIRO', raw('Olympus ORF')],
  [0, 'IIRS', raw('Olympus ORF')],
  [0, 'MMOR', raw('Olympus ORF')],
  [0, 'IIU\0', raw('Panasonic RW2')],
  [0, 'FOVb', raw('Sigma X3F')],
  [0, '\0MRM', raw('Minolta MRW')],
  [0, '8BPS', graphic('a Photoshop file (PSD)')],
  [0, '8BPB', graphic('a Photoshop file (PSB)')],
  [0, 'gimp xcf', graphic('a GIMP file (XCF)')],
  [0, '\xc5\xd0\xd3\xc6', graphic('a PostScript file')],
  [0, '%!PS', graphic('a PostScript file')],
  [0, '\xff\x0a', { name: 'a JPEG XL picture', advice: asJpeg }],
  [4, 'JXL \r\n\x87\n', { name: 'a JPEG XL picture', advice: asJpeg }],
  [4, 'jP  \r\n\x87\n', { name: 'a JPEG 2000 picture', advice: asJpeg }],
  [0, '\xff\x4f\xff\x51', { name: 'a JPEG 2000 picture', advice: asJpeg }],
  [0, 'II\xbc', { name: 'a JPEG XR picture', advice: asJpeg }],
  [0, 'II+\0', bigTiff],
  [0, 'MM\0+', bigTiff],
  [0, '\0\0\x01\0', graphic('an icon (ICO)')],
  [0, '\0\0\x02\0', graphic('a mouse pointer (CUR)')],
  [0, '\x8aMNG', graphic('an MNG animation')],
  [0, 'v/1\x01', graphic('an HDR picture (OpenEXR)')],
  [0, '#?RADIANCE', graphic('an HDR picture (Radiance)')],
  [0, 'DDS ', graphic('a texture (DDS)')],
  [8, 'AVI LIST', video],
  [0, '\x1aE\xdf\xa3', video],
  [0, '\x30\x26\xb2\x75', video],
  [0, 'FLV\x01', video],
  [0, '\0\0\x01\xba', video],
  [0, '\0\0\x01\xb3', video],
  [0, 'OggS', video],
  // Old QuickTime files begin without saying what they are.
  [4, 'moov', video],
  [4, 'mdat', video],
  [4, 'wide', video],
  [8, 'WAVEfmt ', audio],
  [0, 'ID3', audio],
  [0, 'fLaC', audio],
  [0, '\xff\xfb', audio],
  [0, 'PK\x03\x04', archive],
  [0, 'PK\x05\x06', archive],
  [0, 'Rar!', packed],
  [0, '7z\xbc\xaf', packed],
  [0, '\x1f\x8b', packed],
  [0, 'BZh', packed],
  [0, '\xfd7zXZ', packed],
  [0, '\x28\xb5\x2f\xfd', packed],
  [0, '\xd0\xcf\x11\xe0', { name: 'an Office document', advice: 'Save the photos in it as JPEG and send those.' }],
  [
    0,
    '\0\x05\x16\x07',
    { name: 'a note that a Mac keeps next to a file (its name begins with “._”)', advice: 'Send the file itself.' },
  ],
];

/** Text formats, which may begin with a blank line or a comment. */
const texts: [RegExp, Foreign][] = [
  [/^\s*%PDF-/, { name: 'a PDF', advice: 'Save its pages as JPEG or PNG and send those.' }],
  [/^\s*<(!doctype\s+html|html|head|body)[\s>]/i, { name: 'a web page', advice: 'Save the photo itself and send that.' }],
  [/^\s*(<[?!][^]*)?<svg[\s>]/i, graphic('an SVG drawing')],
];

/** Brands of ISO/IEC 14496-12 files, in order of precedence. AVIF has already been recognised by now. */
const brands: [RegExp, Foreign][] = [
  [/crx /, raw('Canon CR3')],
  [/hei[cxms]|hev[cxms]|mif1|msf1|MiHE|MiPr/, heic],
  [/jxl /, { name: 'a JPEG XL picture', advice: asJpeg }],
  [/M4A |M4B /, audio],
  [/^/, video],
];

/** How many bytes of a file are enough to tell what it is. */
export const headBytes = 4096;

/**
 * The type of a photo. Runs in browsers as well.
 * @param head at least the first 4096 bytes, or the whole file
 * @param limits whether HEIC is accepted
 * @throws Rejected with status 415 if it is none that Darkroom develops; names its format if the first bytes reveal it
 */
export function typeOf(head: Uint8Array, { HEIC }: { HEIC: boolean }): ImageType {
  const type = sniff(head);
  if (!type || isCanonRaw(head) || (type === 'image/heic' && !HEIC)) throw refusalOf(head, HEIC);
  return type;
}

/** Canon's older raw files begin like a TIFF. */
const isCanonRaw = (head: Uint8Array) => {
  const text = latin1(head.subarray(0, 11));
  return text.startsWith('II*\0') && text.startsWith('CR\x02', 8);
};

function refusalOf(head: Uint8Array, HEIC: boolean): Rejected {
  const text = latin1(head.subarray(0, headBytes)).replace(/^\xef\xbb\xbf/, '');
  const known =
    text.slice(4, 8) === 'ftyp'
      ? ofBrands(text)
      : (signatures.find(([at, letters]) => text.startsWith(letters, at))?.[2] ??
        texts.find(([pattern]) => pattern.test(text))?.[1]);
  // Its first box makes no sense.
  if (known === heic && HEIC)
    return new Rejected('The file is damaged: it starts like a HEIC photo, but its header cannot be read.');
  const takes = `Send a JPEG, PNG, WebP, AVIF, GIF, TIFF${HEIC ? ', BMP or HEIC' : ' or BMP'} file.`;
  return new Rejected(
    known
      ? `This is ${known.name}, which cannot be developed here. ${known.advice}`
      : `This is not an image that can be developed. ${takes}`,
    { status: 415 },
  );
}

function ofBrands(text: string): Foreign {
  const end = Math.min(text.length, Math.max(16, boxLength(text)));
  const names = text.slice(8, 12) + text.slice(16, end);
  return brands.find(([pattern]) => pattern.test(names))![1];
}

/** The refusal of a TIFF that is a camera's raw file. */
export const refusalOfRaw = () => {
  const { name, advice } = raw('');
  return new Rejected(`This is ${name}, which cannot be developed here. ${advice}`, { status: 415 });
};
