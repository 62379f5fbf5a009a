/** No photo is at fault: there is no room for this request right now. `message` is for the person. */
export class Busy extends Error {
  override readonly name = 'Busy';
  /** 429: this client asks for too much. 503: all clients together do. */
  readonly status: 429 | 503;
  /** Seconds. */
  readonly retryAfter: number;

  constructor(status: 429 | 503, message: string, retryAfter: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}
