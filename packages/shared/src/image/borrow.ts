/** Milliseconds. Photos that come one after another are closer than that. */
const idleMs = 1000;
/** Smallest first. */
let kept: Buffer[] = [];
let idle: NodeJS.Timeout | undefined;

/**
 * Lends memory for a picture, or for a file that is being written, with whatever was in it. It is kept for the next photo: the system
 * would have to clear every page again, which takes a third as long as a print, and V8 to collect garbage for each 64 MB outside its heap.
 */
export async function borrow<Result>(bytes: number, use: (memory: Buffer) => Promise<Result>): Promise<Result> {
  const memory = kept.find(({ length }) => length >= bytes) ?? Buffer.allocUnsafeSlow(bytes);
  kept = kept.filter((other) => other !== memory);
  try {
    return await use(memory);
  } finally {
    kept = [...kept, memory].toSorted((one, other) => one.length - other.length);
    // A print takes two: one for the picture, and one for the file.
    if (kept.length > 2) free(kept.shift()!);
    clearTimeout(idle);
    idle = setTimeout(release, idleMs).unref();
  }
}

/** Gives back what is kept: for a photo that needs memory of another kind, and when there is none to develop. */
export function release(): void {
  kept.splice(0).forEach(free);
}

/** At once: the collector does not hurry. */
function free({ buffer }: Buffer): void {
  (buffer as ArrayBuffer).transfer(0);
}
