/** The part of WebAssembly that libheif.ts uses: TypeScript knows it only as a part of browsers. */
declare namespace WebAssembly {
  interface Module {}
  type Imports = Record<string, Record<string, unknown>>;
  class Instance {
    constructor(module: Module, imports: Imports);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    private constructor();
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  function compile(code: Uint8Array): Promise<Module>;
}
