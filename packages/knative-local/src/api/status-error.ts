import { explain, WrongManifests } from '../errors.ts';

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
    { reason = reasons[code] ?? 'Unknown', details = {} as Details, cause = undefined as unknown } = {},
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

/**
 * What a client is told of anything thrown.
 * @param about in Kubernetes' order of words: `Trigger.eventing.knative.dev "sepia"`
 */
export function toStatus(error: unknown, about = 'The request'): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof WrongManifests)
    return new StatusError(422, `${about} is invalid: ${error.faults.join('; ')}`, { cause: error });
  if (error instanceof Error && error.name === 'CannotStart')
    return new StatusError(422, `${about} cannot take effect: ${explain(error)}`, { cause: error });
  return new StatusError(500, `${about} failed: ${explain(error)}`, { cause: error });
}
