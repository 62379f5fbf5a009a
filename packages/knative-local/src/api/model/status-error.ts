import { CannotStart, explain, WrongManifests } from '../../errors.ts';

/** Kubernetes' word for each HTTP status that is answered here. */
const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
};

/** Which object an error is about. */
export interface Details {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  /** kubectl prints these, one a line. */
  causes?: { reason: string; field: string; message: string }[];
}

/** A request that is refused, as the Status object that clients of Kubernetes read. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  details: Details;

  constructor(
    code: number,
    message: string,
    { reason = reasons[code] ?? 'Unknown', details = {}, cause }: { reason?: string; details?: Details; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toJSON(): object {
    return statusObject('Failure', this.code, { message: this.message, reason: this.reason, details: this.details });
  }
}

/** The answer to a request that leaves no object behind. */
export function success(details: Details): object {
  return statusObject('Success', 200, { details });
}

function statusObject(status: string, code: number, rest: object): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status, ...rest, code };
}

/** What a client is told of anything thrown. */
export function toStatus(error: unknown, about: Details = {}): StatusError {
  if (error instanceof StatusError) return error;
  if (!(error instanceof CannotStart))
    return new StatusError(500, `Internal error occurred: ${explain(error)}`, { cause: error });
  const faults = error instanceof WrongManifests ? error.faults : [`it cannot take effect: ${explain(error)}`];
  const causes = faults.map((fault) => {
    const [field, ...message] = fault.replace(`${about.kind} ${about.name}: `, '').split(': ');
    const whole = { field: 'spec', message: field! };
    return { reason: 'FieldValueInvalid', ...(message.length === 0 ? whole : { field: field!, message: message.join(': ') }) };
  });
  const subject = `${[about.kind, about.group].filter(Boolean).join('.')} ${JSON.stringify(about.name)}`;
  const details = { ...about, causes };
  return new StatusError(422, `${subject} is invalid: ${faults.join('; ')}`, { details, cause: error });
}
