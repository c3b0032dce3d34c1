/** An answer of an engine that lacks a field which the page needs. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
  /** The name of the field. */
  readonly field: string;

  constructor(field: string) {
    super(`The engine answered without \`${field}\`.`);
    this.field = field;
  }
}
