import { spawn } from 'node:child_process';

/** Lines of one output that are kept. */
const mostLines = 40;

/** A page of commands, each block with what it printed below. */
export interface WalkPage {
  /** The blocks that are run, in order. */
  blocks: Block[];
  /** The page with other outputs. */
  written(outputs: ReadonlyMap<Block, string>): string;
}

export interface Block {
  commands: string;
  /** What the page says it printed. */
  output: string;
  /** The name of the picture that the page wants of it, in a comment before it. */
  picture: string | undefined;
}

export function readWalkPage(text: string): WalkPage {
  const parts = text.split(/(^(?:<!-- not run -->\n\n)?```sh\n[^]*?^```\n(?:\n```text\n[^]*?^```\n)?)/m);
  const places = new Map<Block, number>();
  for (const [index, part] of parts.entries()) {
    const picture = /<!-- picture: (\w+) -->\n\n!\[[^\]]*\]\([^)]*\)\n\n$/.exec(parts[index - 1] ?? '')?.[1];
    const commands = /^```sh\n([^]*?)^```\n/m.exec(part)?.[1];
    if (index % 2 === 0 || !commands || part.startsWith('<!-- not run -->')) continue;
    const output = /^```text\n([^]*?)^```\n/m.exec(part)?.[1] ?? '';
    places.set({ commands, output, picture }, index);
  }
  return {
    blocks: [...places.keys()],
    written(outputs) {
      const now = [...parts];
      for (const [block, output] of outputs)
        now[places.get(block)!] = `\`\`\`sh\n${block.commands}\`\`\`\n${output ? `\n\`\`\`text\n${output}\`\`\`\n` : ''}`;
      return now.join('');
    },
  };
}

export interface Shell {
  /**
   * @returns what it printed, without empty lines
   * @throws if it fails
   */
  run(commands: string): Promise<string>;
  end(): void;
}

/** One shell for the whole page, so that variables survive from block to block. */
export function openShell(folder: string, environment: NodeJS.ProcessEnv): Shell {
  const mark = 'end-of-block-';
  const shell = spawn('bash', ['-u'], {
    cwd: folder,
    env: { ...environment, TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let heard = '';
  let listener = () => {};
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
    listener();
  });
  return {
    async run(commands) {
      heard = '';
      shell.stdin.write(`{ ${commands}\n} 2>&1\nprintf '\\n${mark}%s\\n' $?\n`);
      await new Promise<void>((done) => {
        listener = () => heard.includes(mark) && done();
      });
      const [output = '', code] = heard.split(`\n${mark}`);
      if (code?.trim() !== '0') throw new Error(`A command ended with ${code?.trim()}:\n${commands}\n${output}`);
      return shortened(output, folder);
    },
    end: () => void shell.stdin.end(),
  };
}

function shortened(output: string, folder: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^(> |npm )/.test(line));
  const kept = lines.length <= mostLines ? lines : [...lines.slice(0, mostLines - 5), '...', ...lines.slice(-4)];
  return kept.map((line) => `${line.replaceAll(folder, '~/darkroom')}\n`).join('');
}
