import { ApiError } from '@llamactl/contract/errors';

type Definitions = Readonly<Record<string, string | number | boolean>>;

const MACRO = /\$\{([^{}$]*)\}/g;
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
   * Replaces the macros of a text.
   *
   * @param model Value of `MODEL_ID`; `null`: none.
   * @throws {ApiError} `VALIDATION_ERROR`: the macros make too long texts
   */
  fill(text: string, model: string | null): string {
    return text.replaceAll(MACRO, (macro: string, name: string) => {
      const value = model !== null && name === 'MODEL_ID' ? model : this.#texts.get(name);
      if (value === undefined) return macro;
      this.#budget.left -= value.length;
      if (this.#budget.left < 0) throw tooLong();
      return value;
    });
  }
}

function tooLong(): ApiError {
  const message = `has macros that make more than ${MOST_CHARACTERS} characters`;
  return new ApiError('VALIDATION_ERROR', `The text ${message}.`, { problems: [{ path: 'text', message }] });
}
