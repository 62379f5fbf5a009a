import type { Books } from './books.ts';

/** What is not as it was promised. A mail may come twice for one job in two hundred: the window that SMTP leaves. */
export function verdict({
  accepted,
  completed,
  lost,
  wrong,
  strays,
  withoutMail,
  duplicateMails,
  open,
  temporaryFiles,
}: Omit<Books, 'log'>): string[] {
  return [
    lost.length > 0 && `${lost.length} jobs are lost`,
    completed + lost.length < accepted && `${accepted - completed - lost.length} jobs have failed`,
    wrong.length > 0 && `${wrong.length} jobs have wrong files`,
    strays.length > 0 && `${strays.length} jobs were promised to nobody`,
    withoutMail.length > 0 && `${withoutMail.length} jobs are without a mail`,
    duplicateMails > Math.max(1, accepted * 0.005) && `${duplicateMails} mails came twice`,
    open.length > 0 && `${open.length} jobs are left open`,
    temporaryFiles.length > 0 && `${temporaryFiles.length} temporary files are left`,
  ].filter((fault): fault is string => fault !== false);
}
