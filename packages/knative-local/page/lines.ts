import { glow } from './glow.ts';

/** A connection of two nodes of the picture. */
export interface Connection {
  key: string;
  from: HTMLElement;
  to: HTMLElement;
}

export interface Lines {
  root: SVGSVGElement;
  draw(connections: Connection[]): void;
  light(key: string): void;
}

const namespace = 'http://www.w3.org/2000/svg';

/** Curves between nodes, behind them; they follow when the window changes its size. */
export function createLines(board: HTMLElement): Lines {
  const root = document.createElementNS(namespace, 'svg');
  root.setAttribute('aria-hidden', 'true');
  let connections: Connection[] = [];
  let paths = new Map<string, SVGPathElement>();

  function place(): void {
    const home = board.getBoundingClientRect();
    for (const { key, from, to } of connections) {
      const [start, end] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
      const [x1, y1] = [start.right - home.left, start.top + start.height / 2 - home.top];
      const [x2, y2] = [end.left - home.left, end.top + end.height / 2 - home.top];
      const middle = (x1 + x2) / 2;
      paths.get(key)!.setAttribute('d', `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`);
    }
  }

  new ResizeObserver(place).observe(board);
  return {
    root,
    draw(next) {
      connections = next;
      paths = new Map(next.map(({ key }) => [key, document.createElementNS(namespace, 'path')]));
      root.replaceChildren(...paths.values());
      place();
    },
    light(key) {
      glow(paths.get(key));
    },
  };
}
