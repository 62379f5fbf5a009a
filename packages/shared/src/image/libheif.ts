import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/**
 * libheif's C interface, with pointers as numbers. A function that returns a `heif_error` writes it to its first argument: three words, of
 * which the first is 0 if all is well.
 */
export interface Libheif {
  HEAPU8: Uint8Array;
  HEAPU32: Uint32Array;
  _malloc(bytes: number): number;
  _heif_context_alloc(): number;
  _heif_context_read_from_memory_without_copy(error: number, context: number, file: number, bytes: number, options: 0): void;
  _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void;
  _heif_image_handle_is_premultiplied_alpha(handle: number): number;
  _heif_decoding_options_alloc(): number;
  _heif_decode_image(error: number, handle: number, image: number, colours: number, layout: number, options: number): void;
  _heif_image_get_primary_width(image: number): number;
  _heif_image_get_primary_height(image: number): number;
  _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number;
}

interface Options {
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => object): object;
  print(text: string): void;
  printErr(text: string): void;
}

const require = createRequire(import.meta.url);
let compiled: Promise<WebAssembly.Module> | undefined;

/** Compiled once. It is code: what a photo does to it is in the instance. */
const compile = () =>
  (compiled ??= readFile(require.resolve('libheif-js/libheif-wasm/libheif.wasm')).then((code) => WebAssembly.compile(code)));

/**
 * Starts libheif anew.
 * @param bytes of memory that it gets at most: it reports a fault when it needs more
 */
export async function startLibheif(bytes: number): Promise<Libheif> {
  const [module, { default: start }] = await Promise.all([
    compile(),
    import('libheif-js/libheif-wasm/libheif.js') as unknown as Promise<{ default: (options: Options) => Libheif }>,
  ]);
  return start({
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(module, imports);
      for (const item of Object.values(instance.exports)) if (item instanceof WebAssembly.Memory) limit(item, bytes);
      return done(instance);
    },
    print: () => undefined,
    printErr: () => undefined,
  });
}

const pageBytes = 65_536;

/** Its loader asks this object for more, and takes an error for "there is no more". */
function limit(memory: WebAssembly.Memory, bytes: number): void {
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * pageBytes > bytes) throw new RangeError(`More than ${bytes} bytes`);
    return grow(pages);
  };
}
