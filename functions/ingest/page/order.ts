import { element, say } from './dom.ts';
import { rememberJob, showEarlier } from './earlier.ts';
import { filterChoice } from './filters.ts';
import { keyring } from './key.ts';
import { recall, remember } from './memory.ts';
import { paceOf } from './pace.ts';
import { samplePhoto } from './sample.ts';
import { type Sending, send } from './send.ts';
import { contactSheet } from './sheet.ts';
import { entitle } from './title.ts';

/** The form: what to develop, and for whom. */
export function orderForm(onAccepted: (job: string) => void): void {
  const form = element<HTMLFormElement>('#order');
  const fault = element('#fault');
  const email = element<HTMLInputElement>('#email');
  const button = element<HTMLButtonElement>('#send');
  const cancel = element<HTMLButtonElement>('#cancel');
  const bar = element('#progress');
  const sheet = contactSheet(fault);
  const filters = filterChoice(fault);
  const keyOf = keyring();
  let sending: Sending | undefined;
  email.value ||= (recall('email') as string | null) ?? '';
  showEarlier();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  element('#sample').addEventListener('click', () => void samplePhoto().then((photo) => sheet.add([photo])));
  cancel.addEventListener('click', () => sending?.cancel());
  addEventListener('beforeunload', (event) => {
    if (sending) event.preventDefault();
  });

  async function submit() {
    await sheet.settled();
    if (sheet.files.length === 0) return say(fault, 'Choose at least one photo first.');
    const unchosen = filters.fault();
    if (unchosen !== undefined) {
      say(fault, unchosen);
      return filters.focus();
    }
    if (sending) return;
    const data = new FormData(form);
    filters.tidy(data);
    // With a name of its own, the form would hold a copy, and nobody would know its upload again.
    for (const file of sheet.files) data.append('file', file);
    remember('email', email.value);
    say(fault, '');
    say(element('#sent'), 'Sending');
    const inWords = paceOf(sheet.bytes());
    sending = send(data, keyOf(data), {
      progress: (sent) => showProgress(sent, inWords),
      again: (words) => say(element('#sent'), words),
    });
    setBusy(true);
    try {
      const job = await sending.job;
      rememberJob(job, sheet.files);
      sending = undefined;
      onAccepted(job);
    } catch (error) {
      say(fault, (error as Error).message);
    } finally {
      sending = undefined;
      setBusy(false);
      sheet.showSent(0);
    }
  }

  function showProgress(sent: number, inWords: (sent: number) => string) {
    const share = sent / sheet.bytes();
    const percent = Math.floor(share * 100);
    bar.querySelector('progress')!.value = percent;
    sheet.showSent(sent);
    say(element('#sent'), share < 1 ? inWords(sent) : 'Sent. The photos are being looked at.');
    entitle(`${percent} % sent`);
  }

  function setBusy(busy: boolean) {
    sheet.lock(busy);
    button.disabled = busy;
    cancel.hidden = !busy;
    bar.hidden = !busy;
    if (busy) bar.querySelector('progress')!.value = 0;
    else entitle();
  }
}
