/** Pictures in and out: photos to Jimp images, and back. */
export { type Bitmap, decode, type Decoded } from './image/decode.ts';
export { encode, type EncodeOptions } from './image/encode.ts';
export { type Image, Jimp } from './image/jimp.ts';
