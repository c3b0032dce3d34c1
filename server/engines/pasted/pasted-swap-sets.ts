import { isRecord } from '@llamactl/contract/record';

/** A set of models that may run together, and every part of it. */
export type ModelSet = ReadonlySet<string>;

/** Most sets that a matrix may expand to: a short expression can have millions. */
const MOST_SETS = 256;
const MOST_MODELS = 200;
/** Longest expression in UTF-16 units, which also bounds its parentheses. */
const LONGEST_EXPRESSION = 1_000;
const DEEPEST = 20;
const TOKEN = /\s*(?:([&|()])|(\+?)([\w.-]+))/y;

/**
 * Expands the sets of a matrix of llama-swap: `&` means together, `|` alternatives, `+name` another set.
 *
 * @returns `null`: an expression is invalid, or there are too many sets or models
 */
export function expandedSets(matrix: unknown, models: ReadonlySet<string>): ModelSet[] | null {
  const { vars, sets } = isRecord(matrix) ? matrix : {};
  const names = new Map(Object.entries(isRecord(vars) ? vars : {}));
  const expressions = new Map(Object.entries(isRecord(sets) ? sets : {}));
  const modelOf = (word: string): string | null => {
    const named = names.get(word) ?? word;
    return typeof named === 'string' && models.has(named) ? named : null;
  };
  if (models.size > MOST_MODELS || expressions.size > MOST_SETS) return null;
  /** Each set is expanded once: sets that name others twice would double the work each time. */
  const known = new Map<string, ModelSet[] | null>();
  const expanded = (name: string, depth: number): ModelSet[] | null => {
    const expression = expressions.get(name);
    const before = known.get(name);
    if (before !== undefined) return before;
    // A set that names itself finds this entry.
    known.set(name, null);
    if (typeof expression !== 'string' || expression.length > LONGEST_EXPRESSION || depth > DEEPEST) return null;
    const sets = new SetExpression(expression, modelOf, (other) => expanded(other, depth + 1)).read();
    known.set(name, sets);
    return sets;
  };
  const all: ModelSet[] = [];
  for (const name of expressions.keys()) {
    const found = expanded(name, 0);
    if (found === null || all.length + found.length > MOST_SETS) return null;
    all.push(...found);
  }
  return all.length === 0 ? null : all;
}

/** One expression, read from left to right; `&` binds tighter than `|`. */
class SetExpression {
  readonly #tokens: readonly string[] | null;
  readonly #modelOf: (word: string) => string | null;
  readonly #setsOf: (name: string) => ModelSet[] | null;
  #at = 0;

  constructor(text: string, modelOf: (word: string) => string | null, setsOf: (name: string) => ModelSet[] | null) {
    this.#tokens = tokensOf(text);
    this.#modelOf = modelOf;
    this.#setsOf = setsOf;
  }

  /** `null`: it is invalid. */
  read(): ModelSet[] | null {
    if (this.#tokens === null) return null;
    const sets = this.#alternatives();
    return this.#at === this.#tokens.length ? sets : null;
  }

  #alternatives(): ModelSet[] | null {
    let sets = this.#together();
    while (sets !== null && this.#takes('|')) {
      const more = this.#together();
      sets = more === null || sets.length + more.length > MOST_SETS ? null : [...sets, ...more];
    }
    return sets;
  }

  #together(): ModelSet[] | null {
    let sets = this.#term();
    while (sets !== null && this.#takes('&')) {
      const more = this.#term();
      if (more === null || sets.length * more.length > MOST_SETS) return null;
      sets = sets.flatMap((one) => more.map((other) => new Set([...one, ...other])));
    }
    return sets;
  }

  #term(): ModelSet[] | null {
    if (this.#takes('(')) {
      const sets = this.#alternatives();
      return this.#takes(')') ? sets : null;
    }
    const word = this.#tokens?.[this.#at] ?? '';
    this.#at += 1;
    if (word.startsWith('+')) return this.#setsOf(word.slice(1));
    const model = this.#modelOf(word);
    return model === null ? null : [new Set([model])];
  }

  #takes(token: string): boolean {
    if (this.#tokens?.[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
}

function tokensOf(text: string): string[] | null {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (match === null) return null;
    const [, sign, plus = '', word = ''] = match;
    tokens.push(sign ?? plus + word);
  }
  return tokens;
}
