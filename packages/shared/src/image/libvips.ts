// Not a static import: in a bundle that would be loaded by every process, and those that only listen need no codec.
const { default: sharp } = await import('sharp');

/**
 * libvips with only the loaders that Darkroom needs. By default it would also read SVG, PDF, raw files and more: parsers that a
 * stranger's bytes must not reach.
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif', 'Tiff'].map((name) => `VipsForeignLoad${name}`),
});
// Operations are never repeated on the same photo: a cache would only hold memory.
sharp.cache(false);
// One photo per process at a time, and as many processes as processors (worker/pool.ts): more threads would only compete.
sharp.concurrency(1);

export { sharp };
