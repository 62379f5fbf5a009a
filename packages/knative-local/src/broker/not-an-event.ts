/** The input is not an event: 400, or a failed delivery where it is a reply. */
export class NotAnEvent extends Error {
  override readonly name = 'NotAnEvent';
}
