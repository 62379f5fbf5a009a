/** Pictures in and out: photos to Jimp images, and back. */
export { type Bitmap, decode, type Decoded } from './decode.ts';
export { encode, type EncodeOptions } from './encode.ts';
export { type Image, Jimp } from './jimp.ts';
