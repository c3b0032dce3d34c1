/** One option of an engine, as instances give it in `options`. */
export interface EngineOption {
  /** Its name in `options`, in snake_case. An engine may accept other names too. */
  key: string;
  /** The kind of its value. `number` and `text` may accept words that only `description` lists. */
  type: 'switch' | 'number' | 'text' | 'choice' | 'list';
  /** The default in the words of the engine's help: `4096`, `auto`, `enabled`, `same as --threads`; `null`: not given. */
  default: string | null;
  /** All allowed values of a `choice`, or of the items of a `list`; `null`: the help does not list them. */
  choices: readonly string[] | null;
  /** The section of the help: `common`, `sampling`; `null`: none. */
  group: string | null;
  /** The help's text on one line. */
  description: string;
  /** Why instances may not set it, or only with `security.allow_privileged`; `null`: it is free. */
  guard: { kind: 'reserved' | 'privileged'; why: string } | null;
}

/** The options of the installed engine, or one sentence that says why they are unknown. */
export type EngineOptions = { options: readonly EngineOption[]; unknown: null } | { options: null; unknown: string };
