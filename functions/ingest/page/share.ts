import { element, say } from './dom.ts';
import { detailOf, unreachable } from './problem.ts';

/** The button that makes a link to the prints for others: whoever has it sees them, and cannot delete them. */
export function offerShare(button: HTMLButtonElement, path: string, complain: (text: string) => void): void {
  const place = element('#shared');
  const link = element<HTMLInputElement>('#link');
  button.addEventListener('click', () => void share());

  async function share() {
    button.disabled = true;
    try {
      const response = await fetch(`${path}/share`, { method: 'POST', headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error(await detailOf(response));
      const { links } = (await response.json()) as { links: { page: string } };
      link.value = new URL(links.page, location.href).href;
      place.hidden = false;
      link.focus();
      link.select();
      say(element('#copied'), (await copied()) ? 'Copied.' : 'Copy it from here.');
    } catch (error) {
      complain(error instanceof TypeError ? unreachable : (error as Error).message);
    } finally {
      button.disabled = false;
    }
  }

  /** Browsers allow it only over HTTPS, and not always then. */
  async function copied(): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(link.value);
      return true;
    } catch {
      return false;
    }
  }
}
