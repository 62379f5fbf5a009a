/**
 * libjpeg-turbo itself. libvips uses it too, but offers neither luma without chroma nor encoding from RGBA, and takes three times as long
 * (docs/images.md). Undefined where the package has no build for the machine; libvips does all the work then.
 * Not a static import, as with libvips: only workers need it.
 */
export const turbo = await import('@julusian/jpeg-turbo').then(
  (module) => module.default,
  () => undefined,
);
