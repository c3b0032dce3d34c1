/** Kinds whose words come from the server or the contexts. */
export const WORD_KINDS = ['instance', 'context', 'account', 'key', 'setting', 'assignment'] as const;
export type WordKind = (typeof WORD_KINDS)[number];

/** The kind of an argument or option value: not completable, a file of this machine, or one of many words. */
export type ValueKind = 'none' | 'file' | 'folder' | 'instance or file' | WordKind | { choices: readonly string[] };
