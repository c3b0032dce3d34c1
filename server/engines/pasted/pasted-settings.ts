import type { ParsedInstance, ParsedSettings } from '@llamactl/contract/engine';
import { type CreateInstance, CreateInstanceSchema, type OptionValue } from '@llamactl/contract/instance';

/** Collects the settings of one instance from a pasted text, and what became of each part of the text. */
export class PastedSettings {
  readonly #settings: ParsedSettings = { engine: 'llama_cpp' };
  readonly #understood: ParsedInstance['understood'] = [];
  readonly #dropped: ParsedInstance['dropped'] = [];

  get modelPath(): string | undefined {
    return this.#settings.model_path;
  }

  get hasName(): boolean {
    return this.#settings.name !== undefined;
  }

  drop(text: string, why: string): void {
    this.#dropped.push({ text, why });
  }

  /** Sets a setting, if its value keeps the rules; otherwise drops the text, with the rule. */
  set<Key extends keyof ParsedSettings & keyof CreateInstance>(
    key: Key,
    value: NonNullable<ParsedSettings[Key]>,
    text: string,
  ): void {
    const { success, error } = CreateInstanceSchema.shape[key].safeParse(value);
    if (!success) {
      this.drop(text, error.issues[0]?.message ?? 'is not valid');
      return;
    }
    this.#settings[key] = value;
    this.#understood.push({ text, path: key });
  }

  /** Sets an option of the engine. @param isList Further values of the same option are added; otherwise the last one wins. */
  option(key: string, value: string | number | boolean, text: string, isList: boolean): void {
    const options = (this.#settings.options ??= {});
    const before = options[key];
    const path = `options.${key}`;
    if (before !== undefined && !isList) this.#replace(path);
    options[key] = before === undefined || !isList ? value : listOf(before, value);
    this.#understood.push({ text, path });
  }

  /** Passes arguments to the engine unchanged. */
  argument(words: readonly string[]): void {
    this.#settings.extra_args = [...(this.#settings.extra_args ?? []), ...words];
    this.#understood.push({ text: words.join(' '), path: 'extra_args' });
  }

  variable(name: string, value: string, text: string): void {
    this.#settings.environment = { ...this.#settings.environment, [name]: value };
    this.#understood.push({ text, path: `environment.${name}` });
  }

  alias(alias: string, text: string): void {
    this.#settings.aliases = [...(this.#settings.aliases ?? []), alias];
    this.#understood.push({ text, path: 'aliases' });
  }

  /** Names the instance after a text, as far as the rules for names allow. Keeps a name that it has. */
  nameAfter(text: string): void {
    if (this.hasName) return;
    const name = text
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 63);
    if (CreateInstanceSchema.shape.name.safeParse(name).success) this.#settings.name = name;
  }

  /** Replaces the model file, for example by its path outside of a container. */
  moveModel(to: string): void {
    this.#settings.model_path = to;
  }

  result(): ParsedInstance {
    return { settings: this.#settings, understood: this.#understood, dropped: this.#dropped };
  }

  #replace(path: string): void {
    const index = this.#understood.findIndex((each) => each.path === path);
    const [replaced] = index === -1 ? [] : this.#understood.splice(index, 1);
    if (replaced !== undefined) this.drop(replaced.text, 'is given again later, and the last one counts');
  }
}

function listOf(before: OptionValue, value: string | number | boolean): OptionValue {
  const items = [before, value].flat().map((item) => (typeof item === 'boolean' ? String(item) : item));
  return items;
}
