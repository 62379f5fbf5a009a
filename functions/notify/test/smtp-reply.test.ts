import { expect, test } from 'vitest';
import { classifyReply } from '../src/smtp-reply.ts';

type Stage = 'RCPT TO' | 'DATA' | 'end of DATA' | 'MAIL FROM' | 'CONN' | 'EHLO' | 'AUTH PLAIN';

const meaningOf = (stage: Stage, text: string) =>
  classifyReply({
    command: stage === 'end of DATA' ? 'DATA' : stage,
    afterData: stage === 'end of DATA',
    code: Number(text.slice(0, 3)),
    text,
  });

test.each<[string, Stage, string]>([
  // What is not final, or says nothing about the mail, is tried again.
  ['busy', 'CONN', '421 Come later'],
  ['busy', 'MAIL FROM', '451 4.3.0 Later'],
  ['busy', 'RCPT TO', '450 4.2.0 Greylisted'],
  ['busy', 'RCPT TO', '452 4.2.2 Mailbox full'],
  ['busy', 'RCPT TO', '499 Later'],
  ['busy', 'end of DATA', '451 4.7.1 Your sender is not known yet'],
  ['busy', 'DATA', '503 Bad sequence'],
  ['busy', 'RCPT TO', '503 5.5.1 Bad sequence'],
  // A person's address.
  ['addressRefused', 'RCPT TO', '500 No'],
  ['addressRefused', 'RCPT TO', '550 5.1.1 No such user'],
  ['addressRefused', 'RCPT TO', '550-5.1.1 No such user\r\n550 5.1.1 Check the address'],
  ['addressRefused', 'RCPT TO', '550 5.1.1 No such user, the sender was told'],
  ['addressRefused', 'RCPT TO', '550 5.1.10 No such user, the sender was told'],
  ['addressRefused', 'RCPT TO', '550 5.1.6 Moved, the sender was told'],
  ['addressRefused', 'RCPT TO', '550 5.1.71 Whatever, the sender was told'],
  ['addressRefused', 'RCPT TO', '501 5.1.3 Bad address'],
  ['addressRefused', 'RCPT TO', '551 Not here'],
  ['addressRefused', 'RCPT TO', '552 5.2.2 Mailbox full'],
  ['addressRefused', 'RCPT TO', '552 Mailbox full'],
  ['addressRefused', 'RCPT TO', '553 Mailbox name not allowed'],
  ['addressRefused', 'RCPT TO', '554 5.7.1 Not wanted by this person'],
  ['addressRefused', 'RCPT TO', '554 5.7.2 Not on this list'],
  ['addressRefused', 'RCPT TO', '550 5.7.15 Priority too low'],
  ['addressRefused', 'RCPT TO', '550 5.7.30 REQUIRETLS needed'],
  ['addressRefused', 'RCPT TO', '550 5.7.81 Whatever'],
  ['addressRefused', 'DATA', '554 5.5.1 No valid recipients'],
  // The mail itself.
  ['contentRefused', 'MAIL FROM', '552 5.3.4 Too large'],
  ['contentRefused', 'RCPT TO', '552 5.3.4 Too large for this mailbox'],
  ['contentRefused', 'MAIL FROM', '552 Too large'],
  ['contentRefused', 'end of DATA', '552 Too large'],
  ['contentRefused', 'end of DATA', '554 5.3.4 Too large'],
  ['contentRefused', 'end of DATA', '552 5.2.2 Mailbox full'],
  ['contentRefused', 'end of DATA', '554 5.7.1 Refused'],
  ['contentRefused', 'end of DATA', '550 5.6.0 The sender of this was told'],
  ['contentRefused', 'end of DATA', '554 No'],
  // Whatever is refused before a person is named is about us.
  ['misconfigured', 'CONN', '554 No service for you'],
  ['misconfigured', 'EHLO', '550 Not you'],
  ['misconfigured', 'AUTH PLAIN', '535 5.7.8 Wrong'],
  ['misconfigured', 'MAIL FROM', '550 5.7.1 Refused'],
  ['misconfigured', 'MAIL FROM', '552 5.2.2 Full'],
  ['misconfigured', 'MAIL FROM', '550 Too many'],
  // Codes that blame the sender wherever they come.
  ['misconfigured', 'RCPT TO', '530 Sign in first'],
  ['misconfigured', 'RCPT TO', '535 5.5.0 Sign in first'],
  ...['1.7', '1.8', '7.0', '7.8', '7.9', '7.10', '7.14', '7.20', '7.26', '7.29'].map(
    (code) => ['misconfigured', 'RCPT TO', `550 5.${code} Refused`] as [string, Stage, string],
  ),
  ['misconfigured', 'end of DATA', '550 5.7.26 Refused'],
  // Words that do, where a code says nothing more precise.
  ...[
    'Relay access denied',
    'RELAYING denied',
    'Sender refused',
    'Client host [192.0.2.1] refused',
    'HELO refused',
    'Unauthenticated mail',
    'on a blacklist',
    'on a black list',
    'in our blocklist',
    'in our block list',
    'blocked using zen.example',
    'see https://www.spamhaus.org',
    'SPF check failed',
    'no DKIM signature',
    'DMARC policy',
    'no PTR record',
    'no reverse DNS',
  ].flatMap((words): [string, Stage, string][] => [
    ['misconfigured', 'RCPT TO', `554 5.7.1 ${words}`],
    ['misconfigured', 'end of DATA', `550 ${words}`],
  ]),
  // Not within other words.
  ...['The senders were told', 'mailhelo', 'spfx', 'aptr'].map(
    (words) => ['addressRefused', 'RCPT TO', `550 5.7.1 ${words}`] as [string, Stage, string],
  ),
])('%s: at %s, %j', (kind, stage, text) => {
  expect(meaningOf(stage, text).kind).toBe(kind);
});

test.each<[Stage, string, string]>([
  ['RCPT TO', '550 5.1.1 person@example.com is unknown', '550 5.1.1 at RCPT TO'],
  ['RCPT TO', '550-5.7.26 person@example.com', '550 5.7.26 at RCPT TO'],
  ['RCPT TO', '450 4.2.0 Greylisted', '450 4.2.0 at RCPT TO'],
  ['RCPT TO', '550 5.711.999 No', '550 5.711.999 at RCPT TO'],
  ['MAIL FROM', '550 No', '550 at MAIL FROM'],
  ['RCPT TO', '550 Server of 5.1.1 says no', '550 at RCPT TO'],
  ['RCPT TO', '550 3.1.1 No', '550 at RCPT TO'],
  ['RCPT TO', '550 5.1.1234 No', '550 at RCPT TO'],
  ['RCPT TO', '550x5.1.1 No', '550 at RCPT TO'],
  ['RCPT TO', '550 Somebody else says: 550 5.1.1 No', '550 at RCPT TO'],
  ['DATA', '554 5.5.1 No valid recipients', '554 5.5.1 at DATA'],
  ['end of DATA', '554 5.7.1 person@example.com refuses', '554 5.7.1 at the end of DATA'],
])('the log says where and which codes, and none of the words: %s, %j', (stage, text, answer) => {
  expect(meaningOf(stage, text)).toMatchObject({ answer: expect.stringContaining(answer) as string });
  expect(JSON.stringify(meaningOf(stage, text))).not.toMatch(/person|says/);
});
