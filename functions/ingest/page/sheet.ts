import { count, size } from '../src/api/words.ts';
import { faultOf } from './check.ts';
import { element, make, say } from './dom.ts';
import { facts } from './facts.ts';

/** The contact sheet: the photos to be sent. */
export interface Sheet {
  readonly files: readonly File[];
  /** Resolves once every file that was chosen has been looked into. */
  settled(): Promise<void>;
  /** Bytes of all photos together. */
  bytes(): number;
  add(files: File[]): void;
  lock(locked: boolean): void;
  /** Shows on each frame how much of its photo has been sent. @param sent bytes, in the order of the sheet */
  showSent(sent: number): void;
}

/** A file that was chosen and cannot be sent. */
interface Unfit {
  name: string;
  reason: string;
}

export function contactSheet(fault: HTMLElement): Sheet {
  const list = element<HTMLOListElement>('#sheet');
  const drop = element('.drop');
  const input = element<HTMLInputElement>('#file');
  const send = element<HTMLButtonElement>('#send');
  const removeAll = element<HTMLButtonElement>('#remove-all');
  const files: File[] = [];
  let adding = Promise.resolve();

  // The list above replaces the input's own, which cannot be added to or taken from.
  input.required = false;
  input.removeAttribute('name');
  input.addEventListener('change', () => {
    add([...(input.files ?? [])]);
    input.value = '';
  });
  addEventListener('paste', ({ clipboardData }) => add([...(clipboardData?.files ?? [])]));
  addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    add([...(event.dataTransfer?.files ?? [])]);
  });
  removeAll.addEventListener('click', () => {
    for (const button of list.querySelectorAll('button')) button.click();
    input.focus();
  });

  /** In the order in which they were chosen: looking into a file takes a moment. */
  function add(chosen: File[]) {
    if (chosen.length > 0 && !input.disabled) adding = adding.then(() => examine(chosen));
  }

  async function examine(chosen: File[]) {
    const unfit: Unfit[] = [];
    say(fault, '');
    for (const file of chosen) {
      if (files.some((known) => isSame(known, file))) continue;
      const reason =
        files.length < facts.maxFiles
          ? await faultOf(file)
          : `Only ${count(facts.maxFiles, 'photo')} can be sent at once. Send it next.`;
      if (reason !== undefined) unfit.push({ name: file.name, reason });
      else if (!input.disabled) {
        files.push(file);
        list.append(frame(file));
      }
    }
    listUnfit(unfit);
    show();
  }

  /** Says by name which files were left out, and why. */
  function listUnfit(unfit: Unfit[]) {
    const place = element('#unfit');
    const lines = unfit.map(({ name, reason }) => make('li', {}, make('b', {}, name), ` ${reason}`));
    place.replaceChildren(make('p', {}, `${count(unfit.length, 'file')} left out:`), make('ul', {}, ...lines));
    place.hidden = unfit.length === 0;
  }

  function frame(file: File): HTMLLIElement {
    const url = URL.createObjectURL(file);
    const remove = make('button', { type: 'button', ariaLabel: `Remove ${file.name}`, title: 'Remove' }, '×');
    const image = make('img', { src: url, alt: '', decoding: 'async' });
    image.addEventListener('error', () => image.replaceWith(make('div', { className: 'unseen' }, 'no preview')));
    const edge = make('div', { className: 'edge' }, make('span'), make('span', { title: file.name }, file.name));
    const item = make('li', {}, image, edge, remove);
    remove.addEventListener('click', () => {
      const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector('button') ?? input;
      files.splice(files.indexOf(file), 1);
      item.remove();
      URL.revokeObjectURL(url);
      say(fault, '');
      listUnfit([]);
      show();
      next.focus();
    });
    return item;
  }

  const bytes = () => files.reduce((sum, file) => sum + file.size, 0);

  function show() {
    list.hidden = files.length === 0;
    element('#chosen').hidden = files.length === 0;
    say(element('#total'), `${count(files.length, 'photo')}, ${size(bytes())}`);
    for (const [index, item] of [...list.children].entries()) item.querySelector('.edge span')!.textContent = `${index + 1}`;
    send.textContent = files.length === 0 ? 'Develop' : `Develop ${count(files.length, 'photo')}`;
  }

  return {
    files,
    settled: () => adding,
    bytes,
    add,
    lock(locked) {
      input.disabled = locked;
      removeAll.disabled = locked;
      for (const button of list.querySelectorAll('button')) button.disabled = locked;
    },
    showSent(sent) {
      let before = 0;
      for (const [index, item] of [...list.querySelectorAll('li')].entries()) {
        const own = files[index]!.size;
        item.style.setProperty('--sent', String(Math.min(1, Math.max(0, (sent - before) / own))));
        before += own;
      }
    },
  };
}

const isSame = (one: File, other: File) =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
