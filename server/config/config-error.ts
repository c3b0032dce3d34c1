/** The configuration cannot be used. The message is complete and for people: print it alone, without a stack. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One sentence each, with the place to fix it. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
