/** One line about one part of the runtime: a function, the broker, the router. */
export type Log = (source: string, text: string) => void;

const palette = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];
/** Wide enough for the names at hand, so that the columns stay put. */
const leastWidth = 10;

/** Prints `12:00:01.123 grayscale  text`, in colour on a terminal only. */
export function createLog(output: NodeJS.WriteStream = process.stdout): Log {
  const colours = new Map<string, number>();
  let width = leastWidth;

  return (source, text) => {
    width = Math.max(width, source.length);
    if (!colours.has(source)) colours.set(source, palette[colours.size % palette.length]!);
    const name = source.padEnd(width);
    const label = output.isTTY ? `\x1b[${colours.get(source)}m${name}\x1b[0m` : name;
    output.write(`${clock(new Date())} ${label} ${text}\n`);
  };
}

function clock(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const milliseconds = String(now.getMilliseconds()).padStart(3, '0');
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${milliseconds}`;
}
