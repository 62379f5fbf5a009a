import type { Books } from './books.ts';

/** What is not as it was promised. A mail may come twice for one job in two hundred: the window that SMTP leaves. */
export function verdict(books: Omit<Books, 'log'>): string[] {
  const { accepted, completed, lost, unclear, duplicateMails, overtime } = books;
  const failed = accepted - completed - lost.length - unclear.length;
  const faults: [count: number, what: string][] = [
    [lost.length, 'jobs are lost'],
    [failed, 'jobs have failed'],
    [books.wrong.length, 'jobs have wrong files'],
    [books.strays.length, 'jobs were promised to nobody'],
    [books.withoutMail.length, 'jobs are without a mail'],
    [duplicateMails > Math.max(1, accepted * 0.005) ? duplicateMails : 0, 'mails came twice'],
    [books.tooManyMails.length, 'jobs were mailed again and again'],
    [books.leftovers.length, 'files are left of deleted jobs'],
    [books.raised.length, 'deleted jobs were raised by a post'],
    [books.hostileAccepted.length, 'hostile attempts succeeded'],
    [books.addressesInLog.length, 'addresses stand in the log'],
    [books.open.length, 'jobs are left open'],
    [books.temporaryFiles.length, 'temporary files are left'],
  ];
  const counted = faults.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return overtime ? ['it was not done in time', ...counted] : counted;
}
