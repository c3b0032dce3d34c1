/**
 * Kinds whose words come from the server or the contexts. A `model` is an instance or an alias. The user types a value
 * after an `assignment` or an `engine-option`.
 */
export const WORD_KINDS = [
  'instance',
  'model',
  'context',
  'account',
  'key',
  'setting',
  'assignment',
  'engine',
  'engine-option',
  'option-key',
] as const;
export type WordKind = (typeof WORD_KINDS)[number];

/**
 * The kind of an argument or option value: nothing to complete, a file or folder of this machine, words from the
 * server, or fixed choices.
 */
export type ValueKind = 'none' | 'file' | 'folder' | 'model or file' | WordKind | { choices: readonly string[] };
