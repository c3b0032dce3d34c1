/** Reads parameters of the URL, which any link may have. A parameter that is not valid counts as absent. */
export type RawSearch = Readonly<Record<string, unknown>>;

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** One of the given texts. */
export function choiceOf<const Text extends string>(value: unknown, choices: readonly Text[]): Text | undefined {
  return choices.find((choice) => choice === value);
}

/** A whole number of at least 0. */
export function wholeOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}
