/** The engine gave no answer; nothing has been sent to the caller yet. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}
