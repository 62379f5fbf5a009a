/** Milliseconds between two lines about the same step where they stay, as in a file; a terminal shows one that changes. */
const pause = 4000;
/** What npm says of a fault in words; its log is in a folder that goes. */
const ofNpm = /^npm error (?!code|syscall|errno|A complete log)(.+)/;
/** Of a terminal's line. */
const pauseOfTerminal = 100;

/**
 * Tells a person how far an installation is.
 * @returns heard, which takes a line of pnpm's ndjson reporter, or of anything else, and returns what in it is a fault
 */
export function createProgress(out = process.stdout) {
  const counts = { resolved: 0, fetched: 0, imported: 0 };
  let told = 0;
  let last = '';
  let isOpen = false;

  function say(line) {
    clear();
    out.write(`${line}\n`);
  }

  function clear() {
    if (isOpen) out.write('\r\u001B[K');
    isOpen = false;
  }

  /** @param step what does not change while the line counts */
  function show(step, detail = '') {
    const now = Date.now();
    if (step === last && now - told < (out.isTTY ? pauseOfTerminal : pause)) return;
    [told, last] = [now, step];
    if (!out.isTTY) return say(`  ${step}${detail}`);
    out.write(`\r\u001B[K  ${step}${detail}`);
    isOpen = true;
  }

  function heard(line) {
    const event = parse(line);
    if (!event) return ofNpm.exec(line)?.[1];
    if (event.level === 'error') return event.err?.message ?? event.message;
    if (event.name === 'pnpm:progress') {
      counts[event.status] += 1;
      if (event.status === 'imported') show('packages', `: ${counts.imported} of ${counts.resolved}`);
    } else if (event.name === 'pnpm:request-retry') {
      show('the registry does not answer; trying again');
    } else if (event.name === 'pnpm:lifecycle' && event.script && event.depPath.startsWith('node@')) {
      show('Node, on which Darkroom runs');
    }
    return undefined;
  }

  return { say, show, heard, end: clear };
}

function parse(line) {
  try {
    const event = JSON.parse(line);
    return typeof event === 'object' ? event : undefined;
  } catch {
    return undefined;
  }
}
