import type { MailOutcome } from './outcome.ts';

/** A mail server's reply that does not mean success. */
export interface SmtpReply {
  /** CONN, EHLO, AUTH ..., MAIL FROM, RCPT TO or DATA. */
  command: string;
  /** Whether the server had asked for the mail itself by then. */
  afterData: boolean;
  /** RFC 5321, 4.2. */
  code: number;
  /** The whole text: code, enhanced code (RFC 3463) where there is one, and words. */
  text: string;
}

/**
 * Codes that blame the sender, wherever they occur. Many servers delay every refusal until RCPT TO, or until they have seen the mail.
 * 5.1.7 and 5.1.8: the sender's address; 5.7.8 and following: sign-in; 5.7.20 to 5.7.29: SPF, DKIM, DMARC and reverse DNS.
 */
const blamesSender = /^5\.(1\.[78]|7\.(0|[89]|1[0-4]|2\d))$/;
/** Words that blame the sender in replies with only 5.7.1, or no enhanced code at all. They are compared, never logged. */
const wordsForSender =
  /relay|\bsender\b|client host|\bhelo\b|authenticat|black ?list|block ?list|blocked using|spamhaus|\b(spf|dkim|dmarc|ptr)\b|reverse dns/i;

export function classifyReply({ command, afterData, code, text }: SmtpReply): MailOutcome {
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
  const answer = `${[code, enhanced].filter(Boolean).join(' ')} at ${afterData ? 'the end of DATA' : command}`;

  // 503: commands came out of sequence, which says nothing about the mail.
  if (code < 500 || code === 503) return { kind: 'busy', answer };
  const toRecipient = command === 'RCPT TO' || command === 'DATA';
  const tooLarge = enhanced === '5.3.4' || (code === 552 && enhanced === undefined && command !== 'RCPT TO');
  if (tooLarge) return { kind: 'contentRefused', answer };
  if (!toRecipient) return { kind: 'misconfigured', answer };
  const vague = enhanced === undefined || enhanced.startsWith('5.7.');
  if (code === 530 || code === 535 || blamesSender.test(enhanced ?? '') || (vague && wordsForSender.test(text)))
    return { kind: 'misconfigured', answer };
  return { kind: afterData ? 'contentRefused' : 'addressRefused', answer };
}
