/**
 * libjpeg-turbo itself. libvips uses it too, but offers neither luma without chroma nor encoding from RGBA, and takes three times as long
 * (docs/images.md). Undefined if the package has no build for this machine; then libvips does all the work.
 * Not a static import, for the same reason as libvips: only workers need it.
 */
export const turbo = await import('@julusian/jpeg-turbo').then(
  (module) => module.default,
  () => undefined,
);
