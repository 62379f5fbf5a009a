// Not a static import: bundled, every process would load it, and those that only listen need no codec.
const { default: sharp } = await import('sharp');

/**
 * libvips with only the loaders that Darkroom needs. By default it also reads SVG, PDF, raw files and more: parsers that
 * strangers' bytes must not reach.
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif', 'Tiff'].map((name) => `VipsForeignLoad${name}`),
});
// Operations are never repeated on the same photo: a cache would only cost memory.
sharp.cache(false);
// One photo per process at a time, and one process per processor (worker/pool.ts): more threads would only compete.
sharp.concurrency(1);

export { sharp };
