/** Thrown when the engine gave no answer and nothing was sent to the caller yet. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}
