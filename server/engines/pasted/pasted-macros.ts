import { ApiError } from '@llamactl/contract/errors';

type Definitions = Readonly<Record<string, string | number | boolean>>;

const MACRO = /\$\{([^{}$]*)\}/g;
const MODEL_ID = '${MODEL_ID}';
/** Most characters that the macros of one text may make: a few lines can double a text again and again. */
const MOST_CHARACTERS = 1_048_576;

/** The macros of a llama-swap configuration. A macro may use others that come before it. */
export class PastedMacros {
  readonly #definitions: Definitions;
  readonly #budget: { left: number };
  /** The text of each macro, by name. */
  readonly #texts = new Map<string, string>();

  /** @param budget shared with the macros of other models */
  constructor(definitions: Definitions, budget = { left: MOST_CHARACTERS }) {
    this.#definitions = definitions;
    this.#budget = budget;
    for (const [name, value] of Object.entries(definitions)) this.#texts.set(name, this.fill(String(value), null));
  }

  /** These macros with those of one model, which replace macros of the same name. */
  with(own: Definitions): PastedMacros {
    if (Object.keys(own).length === 0) return this;
    return new PastedMacros({ ...this.#definitions, ...own }, this.#budget);
  }

  /**
   * Replaces the macros of a text. Unknown ones stay, and so does `${PORT}`.
   *
   * @param model Value of `MODEL_ID`; `null`: none.
   * @throws {ApiError} `VALIDATION_ERROR`: the macros make too long texts
   */
  fill(text: string, model: string | null): string {
    const filled = text.replaceAll(MACRO, (macro: string, name: string) => this.#spent(this.#texts.get(name) ?? macro));
    // The text of another macro may have this one.
    return model === null ? filled : filled.replaceAll(MODEL_ID, () => this.#spent(model));
  }

  #spent(value: string): string {
    this.#budget.left -= value.length;
    if (this.#budget.left < 0) throw tooLong();
    return value;
  }
}

/** Why a filled text cannot be used, as the end of a sentence; `null`: it has no macro left except `${PORT}`. */
export function macroProblem(filled: string): string | null {
  const left = [...filled.matchAll(MACRO)].map(([, name = '']) => name).find((name) => name !== 'PORT');
  if (left === undefined) return null;
  return left.startsWith('env.')
    ? `uses \${${left}}, and the server does not read this variable; write its value instead`
    : `uses the macro \${${left}}, which is not defined`;
}

function tooLong(): ApiError {
  const message = `has macros that make more than ${MOST_CHARACTERS} characters`;
  return new ApiError('VALIDATION_ERROR', `The text ${message}.`, { problems: [{ path: 'text', message }] });
}
