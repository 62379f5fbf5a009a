import { Readable } from 'node:stream';
import type { Clock } from '@darkroom/shared/clock';
import { createTransport } from 'nodemailer';
import type { Attachment } from './attachments.ts';
import { exemptBase64 } from './dot-stuffing.ts';
import type { Handover, Send } from './handover.ts';
import type { Mail } from './mail.ts';
import { type MimeMail, mimeMail, type Placeholder, placeholder } from './mime-mail.ts';
import type { MailOutcome } from './outcome.ts';
import { classifyReply } from './smtp-reply.ts';

/** Until the mail is handed over (RFC 5321, 4.5.3.2 allows this much for each command). */
export const dialogueSeconds = 5 * 60;
/** From then on until the final reply (RFC 5321, 4.5.3.2.6): servers inspect a mail before they accept it. */
export const finalAnswerSeconds = 10 * 60;

/**
 * Sends over connections that stay open between mails, since greeting, TLS and sign-in cost more than the mail itself.
 * @param url smtp://user:password@host:port, or smtps:
 */
export function openSmtp(url: string, clock: Clock): Send {
  const transport = createTransport({
    url,
    pool: true,
    // As many as events that one instance gets at once (func.yaml): no mail waits for the answer to another.
    maxConnections: 10,
    disableFileAccess: true,
    disableUrlAccess: true,
    // The bounds are ours: the library's count idle time only, so that a server which answers a byte a minute would hold us for ever.
    socketTimeout: 2 * finalAnswerSeconds * 1000,
  });
  // The server is told the size before anything is read, and the end of the mail is held back.
  transport.use('stream', ({ message, data }, done) => {
    message.build((error, frame) => {
      if (error || !frame) return done(error);
      const { files, placeholders, pieces } = data as unknown as Sending;
      const mime = mimeMail(frame, files, placeholders);
      message.setEnvelope({ ...message.getEnvelope(), size: mime.size });
      // Bytes, not objects: of those it would take sixteen ahead, and the handover would be confirmed too early.
      message.createReadStream = () => exemptBase64(Readable.from(pieces(mime), { objectMode: false }), mime);
      done();
    });
  });

  return async ({ to, attachments, ...mail }: Mail, handover: Handover) => {
    const dialogue = openDialogue(clock, handover);
    const placeholders = attachments.map(placeholder);
    const message = {
      ...mail,
      // An object is taken as it is; a string would be parsed, and could name several recipients.
      to: { name: '', address: to },
      envelope: { from: mail.from, to: [to] },
      attachments: attachments.map((each, index) => ({ ...each, contentType: each.type, ...placeholders[index] })),
      signal: dialogue.signal,
      ...({ files: attachments, placeholders, pieces: dialogue.pieces } satisfies Sending),
    };
    try {
      await transport.sendMail(message);
      return { kind: 'sent' };
    } catch (error) {
      dialogue.throwIfAbandoned();
      return outcomeOf(error as SmtpFailure, dialogue.progress);
    } finally {
      dialogue.end();
    }
  };
}

interface Sending {
  files: Attachment[];
  placeholders: Placeholder[];
  pieces(mail: MimeMail): AsyncIterable<Buffer>;
}

/** `asked`: the server has asked for the mail itself. `complete`: it may have all of it. */
type DialogueProgress = 'commands' | 'asked' | 'complete';

/** One mail on its way: how far it is, and how long it may take. */
function openDialogue(clock: Clock, handover: Handover) {
  const aborting = new AbortController();
  const ended = new AbortController();
  let abandoned: { reason: unknown } | undefined;
  let progress: DialogueProgress = 'commands';
  let bound = new AbortController();

  const abandon = () => {
    abandoned = { reason: handover.signal.reason };
    aborting.abort(handover.signal.reason);
  };
  handover.signal.addEventListener('abort', abandon);
  limit(dialogueSeconds);

  function limit(seconds: number): void {
    bound.abort();
    bound = new AbortController();
    clock.sleep(seconds * 1000, AbortSignal.any([bound.signal, ended.signal])).then(
      () => aborting.abort(new Error('too slow')),
      () => undefined,
    );
  }

  return {
    signal: aborting.signal,
    get progress() {
      return progress;
    },
    /** The server reads it once it has answered 354. The line that ends it, without which there is no mail, follows once the handover is confirmed. */
    async *pieces(mail: MimeMail): AsyncIterable<Buffer> {
      progress = 'asked';
      try {
        yield* mail.pieces();
        await handover.confirm();
      } catch (error) {
        // Of the store or of the handover: the mail server is not to blame.
        abandoned = { reason: error };
        throw error;
      }
      // From here on only the server knows. Hanging up would lose its answer.
      handover.signal.removeEventListener('abort', abandon);
      limit(finalAnswerSeconds);
      progress = 'complete';
    },
    throwIfAbandoned(): void {
      if (abandoned) throw abandoned.reason;
    },
    end(): void {
      handover.signal.removeEventListener('abort', abandon);
      ended.abort();
    },
  };
}

interface SmtpFailure {
  code?: string;
  /** The code of Node, such as ECONNREFUSED. */
  originalCode?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

function outcomeOf(failure: SmtpFailure, progress: DialogueProgress): MailOutcome {
  const { code = 'no answer', originalCode = code, command = 'CONN', responseCode = 0, response = '' } = failure;
  if (responseCode >= 400)
    return classifyReply({ command, afterData: progress !== 'commands', code: responseCode, text: response });
  if (progress === 'complete') return { kind: 'unsure', answer: `${originalCode} at the end of DATA` };
  // Larger than the SIZE that the server named: nothing was sent.
  if (code === 'EMESSAGE') return { kind: 'contentRefused', answer: 'larger than the SIZE of the server' };
  const answer = `${originalCode} at ${progress === 'asked' ? 'DATA' : command}`;
  return { kind: code === 'EAUTH' ? 'misconfigured' : 'busy', answer };
}
