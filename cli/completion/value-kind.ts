/**
 * Kinds whose words come from the server or the contexts. A `model` is an instance or an alias. A value follows an
 * `assignment` and an `engine-option`.
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

/** The kind of an argument or option value: not completable, a file of this machine, or one of many words. */
export type ValueKind = 'none' | 'file' | 'folder' | 'model or file' | WordKind | { choices: readonly string[] };
