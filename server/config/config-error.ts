/** The configuration cannot be used. Its message is for people and says everything: print it alone, without a stack. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One sentence each, with the place where to mend it. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
