/**
 * libjpeg-turbo itself. libvips has it inside, but gives no luma without chroma and no encoding of RGBA, and takes three times as long
 * (docs/images.md). Undefined where the package has no build for the machine: libvips does it all then.
 * As with libvips, not a static import: only workers need it.
 */
export const turbo = await import('@julusian/jpeg-turbo').then(
  (module) => module.default,
  () => undefined,
);
