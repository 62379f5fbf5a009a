import type { Books } from './books.ts';

/**
 * What is not as promised. A mail may come twice for one job in two hundred: the window that SMTP leaves.
 * @param mostLooks how often sweep may look at the open jobs until all have ended, once nothing fails any longer
 */
export function verdict(books: Omit<Books, 'log'>, mostLooks: number): string[] {
  const { accepted, completed, lost, unclear, duplicateMails, overtime, looks } = books;
  const failed = accepted - completed - lost.length - unclear.length;
  const faults: [which: readonly unknown[] | number, what: string][] = [
    [lost, 'jobs are lost'],
    [failed, 'jobs have failed'],
    [looks > mostLooks ? looks : 0, `looks of sweep were needed, not ${mostLooks}`],
    [books.wrong, 'jobs have wrong files'],
    [books.strays, 'jobs were promised to nobody'],
    [books.withoutMail, 'jobs are without a mail'],
    [duplicateMails > Math.max(1, accepted * 0.005) ? duplicateMails : 0, 'mails came twice'],
    [books.tooManyMails, 'jobs were mailed again and again'],
    [books.leftovers, 'files are left of deleted jobs'],
    [books.raised, 'deleted jobs were raised by a post'],
    [books.hostileAccepted, 'hostile attempts succeeded'],
    [books.addressesInLog, 'addresses stand in the log'],
    [books.addressesInEvents, 'addresses stand in events'],
    [books.filesWithAddresses, 'files of the store hold an address'],
    [books.open, 'jobs are left open'],
    [books.temporaryFiles, 'temporary files are left'],
  ];
  const counted = faults.flatMap(([which, what]) => {
    if (typeof which === 'number') return which > 0 ? [`${which} ${what}`] : [];
    return which.length > 0 ? [`${which.length} ${what} (${which.slice(0, 3).join(', ')})`] : [];
  });
  return overtime ? ['it was not done in time', ...counted] : counted;
}
