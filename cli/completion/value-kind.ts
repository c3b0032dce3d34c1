/** What the server, or the file of contexts, has words for. */
export const WORD_KINDS = ['instance', 'context', 'account', 'key', 'setting', 'assignment'] as const;
export type WordKind = (typeof WORD_KINDS)[number];

/** What may stand at a place of a command line: nothing that could be known, something of the machine, or one of many. */
export type ValueKind = 'none' | 'file' | 'folder' | 'instance or file' | WordKind | { choices: readonly string[] };
