import { count, size } from '../src/api/words.ts';
import { element, make, say } from './dom.ts';
import { facts } from './facts.ts';

/** The contact sheet: the photos to be sent. */
export interface Sheet {
  readonly files: readonly File[];
  lock(locked: boolean): void;
}

export function contactSheet(fault: HTMLElement): Sheet {
  const list = element<HTMLOListElement>('#sheet');
  const drop = element('.drop');
  const input = element<HTMLInputElement>('#file');
  const send = element<HTMLButtonElement>('#send');
  const files: File[] = [];

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

  function add(chosen: File[]) {
    if (chosen.length === 0 || input.disabled) return;
    const fresh = chosen.filter((file) => !files.some((known) => isSame(known, file)));
    const large = fresh.filter((file) => file.size > facts.maxFileBytes);
    const fitting = fresh.filter((file) => !large.includes(file));
    const taken = fitting.slice(0, facts.maxFiles - files.length);
    for (const file of taken) {
      files.push(file);
      list.append(frame(file));
    }
    const faults = large.map(
      (file) =>
        `${file.name} is ${size(file.size)}, larger than the ${size(facts.maxFileBytes)} that a photo may have; it was left out.`,
    );
    if (taken.length < fitting.length)
      faults.push(`Only ${count(facts.maxFiles, 'photo')} can be sent at once; the rest was left out.`);
    say(fault, faults.join(' '));
    show();
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
      show();
      next.focus();
    });
    return item;
  }

  function show() {
    list.hidden = files.length === 0;
    for (const [index, item] of [...list.children].entries()) item.querySelector('.edge span')!.textContent = `${index + 1}`;
    send.textContent = files.length === 0 ? 'Develop' : `Develop ${count(files.length, 'photo')}`;
  }

  return {
    files,
    lock(locked) {
      input.disabled = locked;
      for (const button of list.querySelectorAll('button')) button.disabled = locked;
    },
  };
}

const isSame = (one: File, other: File) =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
