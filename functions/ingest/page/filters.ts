import { say } from './dom.ts';

/** The choice of filters: which prints to make. */
export interface FilterChoice {
  /** What is wrong with the choice, and what to do; undefined if nothing is. */
  fault(): string | undefined;
  /** Leads whoever was told of a fault to where it is. */
  focus(): void;
  /** Takes out of the form what goes without saying. */
  tidy(form: FormData): void;
}

/** There is no choice, and never a fault, where the revision offers one filter. */
export function filterChoice(fault: HTMLElement): FilterChoice {
  const boxes = [...document.querySelectorAll<HTMLInputElement>('#filters [type=checkbox]')];
  const checked = () => boxes.filter((box) => box.checked);
  for (const box of boxes) {
    box.addEventListener('change', () => {
      follow(box);
      say(fault, '');
    });
    // A browser may have kept what was chosen before the page was loaded again.
    follow(box);
  }

  return {
    fault() {
      if (boxes.length === 0 || checked().length > 0) return undefined;
      const names = new Intl.ListFormat('en', { type: 'disjunction' }).format(boxes.map(({ value }) => value));
      return `Choose at least one kind of print: ${names}.`;
    },
    focus: () => boxes[0]?.focus(),
    tidy(form) {
      // All is what there is without the field; and a revision that is older than it can still take the post.
      if (checked().length === boxes.length) form.delete('filter');
    },
  };
}

/** What can be chosen for a filter is there as long as the filter is wanted. */
function follow(box: HTMLInputElement): void {
  for (const control of box.closest('.choice')!.querySelectorAll<HTMLInputElement>('.field :is(input, select)'))
    control.disabled = !box.checked;
}
