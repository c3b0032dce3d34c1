import { bareName } from './flags.ts';

/** All spellings of a flag of llama-server, and the variable that sets it. */
export interface Flag {
  names: readonly string[];
  variable?: string;
  /** Spellings that mean false. Without the flags of the program, llamactl writes `false` as `--no-x`. */
  negations?: readonly string[];
}

/** The names of all flags that options and arguments give, without dashes and without a value after `=`. */
export function flagNames(options: Readonly<Record<string, unknown>>, argv: readonly string[]): Set<string> {
  const words = [...Object.keys(options), ...argv.filter((word) => word.startsWith('-'))];
  return new Set(words.map((word) => bareName(word.replace(/=.*$/s, ''))));
}

/** The words of a command line and its variables. The last of several spellings wins; arguments win over variables. */
export class LaunchWords {
  readonly #argv: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  /** The last place of each flag, by its name without dashes. Some forty flags are asked of each instance of a list. */
  readonly #places = new Map<string, number>();

  constructor(argv: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#argv = argv;
    this.#environment = environment;
    for (const [place, word] of argv.entries()) if (word.startsWith('-')) this.#places.set(bareName(word), place);
  }

  text({ names, variable }: Flag): string | null {
    const at = this.#find(names);
    const value = at === -1 ? undefined : this.#argv[at + 1];
    return value ?? (variable === undefined ? null : (this.#environment[variable] ?? null));
  }

  /** A whole number that is not negative. */
  count(flag: Flag): number | null {
    const text = this.text(flag);
    return text !== null && /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
  }

  /** `null`: not given. */
  truth({ names, negations = [], variable }: Flag): boolean | null {
    const [on, off] = [this.#find(names), this.#find(negations)];
    if (off > on) return false;
    if (on !== -1) return !/^(?:0|off|false|disabled)$/.test(this.#argv[on + 1] ?? '');
    const value = variable === undefined ? undefined : this.#environment[variable];
    return value === undefined ? null : /^(?:1|on|true|enabled)$/.test(value);
  }

  #find(names: readonly string[]): number {
    return names.reduce((last, name) => Math.max(last, this.#places.get(name) ?? -1), -1);
  }
}
