import { element, say } from './dom.ts';
import { send } from './send.ts';
import { contactSheet } from './sheet.ts';

/** Where the browser remembers the address. */
const remembered = 'darkroom.email';

/** The form: what to develop, and for whom. */
export function orderForm(onAccepted: (job: string) => void): void {
  const form = element<HTMLFormElement>('#order');
  const fault = element('#fault');
  const email = element<HTMLInputElement>('#email');
  const button = element<HTMLButtonElement>('#send');
  const cancel = element<HTMLButtonElement>('#cancel');
  const progress = element('#progress');
  const sheet = contactSheet(fault);
  email.value ||= recall();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (sheet.files.length === 0) return say(fault, 'Choose at least one photo first.');
    void submit();
  });

  async function submit() {
    const data = new FormData(form);
    for (const file of sheet.files) data.append('file', file, file.name);
    remember(email.value);
    say(fault, '');
    const sending = send(data, showProgress);
    showProgress(0);
    setBusy(true);
    cancel.addEventListener('click', sending.cancel, { once: true });
    try {
      onAccepted(await sending.job);
    } catch (error) {
      say(fault, (error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  function showProgress(share: number) {
    const percent = Math.floor(share * 100);
    progress.querySelector('progress')!.value = percent;
    say(element('#sent'), percent < 100 ? `Sending, ${percent} %` : 'Sent. The photos are being looked at.');
  }

  function setBusy(busy: boolean) {
    sheet.lock(busy);
    button.disabled = busy;
    cancel.hidden = !busy;
    progress.hidden = !busy;
  }
}

/** If storage is switched off, it throws. */
function recall(): string {
  try {
    return localStorage.getItem(remembered) ?? '';
  } catch {
    return '';
  }
}

function remember(address: string): void {
  try {
    localStorage.setItem(remembered, address);
  } catch {}
}
