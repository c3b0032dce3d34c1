import type { ParsedInstance, ParsedSettings } from '@llamactl/contract/engine';
import { type CreateInstance, CreateInstanceSchema } from '@llamactl/contract/instance';
import type { JsonValue } from '@llamactl/contract/request-additions';
import { LLAMA_CPP_VARIABLES } from '../allowed-environment.ts';
import type { FlagCatalogue } from '../flags.ts';
import { guardOfVariable } from '../guarded-environment.ts';
import { type Guard, PRIVILEGED_REMEDY } from '../guarded-flags.ts';

/** A flag or variable with a secret, and its value. */
const SECRET = /^((?:-e |--env[ =])?-{0,2}[\w-]*(?:[-_]key|token|password|secret)[ =]).+$/is;

type Understood = ParsedInstance['understood'][number];

/** The settings that instances may have. */
export interface PastedTerms {
  /** The flags of the installed llama-server; `null`: unknown, so most arguments stay as they are. */
  catalogue: FlagCatalogue | null;
  /** `security.allow_privileged`: instances may set any option and variable that llamactl does not set itself. */
  allowPrivileged: boolean;
  /** `engines.llama_cpp.command`; left out: unknown. */
  command?: string;
  /** The commands of the custom engines in the configuration, by their names; left out: none. */
  engines?: ReadonlyMap<string, string>;
}

/**
 * Collects the settings of one instance from a pasted text, and what became of each part of the text. A text can have tens
 * of thousands of parts, so no part may cost a copy of those before it.
 */
export class PastedSettings {
  readonly catalogue: FlagCatalogue | null;
  readonly #allowPrivileged: boolean;
  readonly #engines: PastedTerms['engines'];
  readonly #settings: ParsedSettings = { engine: 'llama_cpp' };
  readonly #arguments: string[] = [];
  readonly #environment = new Map<string, string>();
  /** The aliases, each with the text that gave it. */
  readonly #aliases = new Map<string, Understood>();
  readonly #understood = new Set<Understood>();
  /** The part that a later value of the same option replaces, by the option's path. */
  readonly #replaceable = new Map<string, Understood>();
  #dropped: ParsedInstance['dropped'] = [];
  #program: string | null = null;

  constructor({ catalogue, allowPrivileged, engines }: PastedTerms) {
    this.catalogue = catalogue;
    this.#allowPrivileged = allowPrivileged;
    this.#engines = engines;
  }

  get name(): string | undefined {
    return this.#settings.name;
  }

  get modelPath(): string | undefined {
    return this.#settings.model_path;
  }

  get aliases(): readonly string[] {
    return [...this.#aliases.keys()];
  }

  /** Seconds; 0: it never stops when idle. */
  get idleTimeout(): number {
    return this.#settings.idle_timeout ?? 0;
  }

  /** The llama-server of the text, which llamactl replaces by its own; `null`: none. */
  get program(): string | null {
    return this.#program;
  }

  /** The custom engine of the configuration that runs the llama-server of the text; `null`: none. */
  get customEngine(): string | null {
    for (const [name, command] of this.#engines ?? []) if (command === this.#program) return name;
    return null;
  }

  runBy(program: string): void {
    this.#program = program;
    this.drop(program, 'llamactl starts the llama-server of its configuration');
  }

  /** Lets a custom engine run the instance. @param texts The parts of the text that belong to the engine. */
  runOn(engine: string, texts: readonly string[]): void {
    this.#settings.engine = engine;
    const ofEngine = new Set(texts.flatMap((text) => [text, masked(text)]));
    this.#dropped = this.#dropped.filter(({ text }) => !ofEngine.has(text));
    for (const understood of this.#understood) {
      if (!ofEngine.has(understood.text)) continue;
      this.#understood.delete(understood);
      this.#environment.delete(understood.path.replace(/^environment\./, ''));
    }
  }

  /** Notes a part of the text that becomes no setting. The value of a secret is masked. */
  drop(text: string, why: string): void {
    this.#dropped.push({ text: masked(text), why });
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
    this.#understood.add({ text, path: key });
  }

  /** Sets an option of the engine. @param isList Further values of the same option are added; otherwise the last one wins. */
  option(key: string, value: string | number | boolean, text: string, isList: boolean): void {
    const options = (this.#settings.options ??= {});
    const before = options[key];
    const understood = { text, path: `options.${key}` };
    if (before === undefined || !isList) {
      this.#replace(understood.path);
      options[key] = value;
    } else if (Array.isArray(before)) before.push(itemOf(value));
    else options[key] = [itemOf(before), itemOf(value)];
    if (!isList) this.#replaceable.set(understood.path, understood);
    this.#understood.add(understood);
  }

  /** Passes arguments to the engine unchanged. */
  argument(words: readonly string[]): void {
    for (const word of words) this.#arguments.push(word);
    this.#understood.add({ text: words.join(' '), path: 'extra_args' });
  }

  /** Sets an environment variable, if instances may have it with this value; otherwise drops the text, with the rule. */
  variable(name: string, value: string, text: string): void {
    const guard = guardOfVariable(name, value, {
      catalogue: this.catalogue,
      allowed: LLAMA_CPP_VARIABLES,
      readsFlagVariables: true,
    });
    if (this.dropGuarded(guard, text)) return;
    this.#environment.set(name, value);
    this.#understood.add({ text, path: `environment.${name}` });
  }

  /** Drops a text that its guard keeps from instances, with the way to allow it. @returns whether it did */
  dropGuarded(guard: Guard | null, text: string): boolean {
    if (guard === null || (guard.guard === 'privileged' && this.#allowPrivileged)) return false;
    const { why, remedy = guard.guard === 'privileged' ? PRIVILEGED_REMEDY : null } = guard;
    this.drop(text, remedy === null ? why : `${why}; ${remedy}`);
    return true;
  }

  /** Adds an alias. The name of the instance is none. */
  alias(alias: string, text: string): void {
    if (alias === this.name) {
      this.#understood.add({ text, path: 'name' });
      return;
    }
    const understood = { text, path: 'aliases' };
    this.#aliases.set(alias, understood);
    this.#understood.add(understood);
  }

  /** Takes an alias away, which another instance has. */
  withoutAlias(alias: string, why: string): void {
    const understood = this.#aliases.get(alias);
    if (understood === undefined) return;
    this.#aliases.delete(alias);
    this.#understood.delete(understood);
    this.drop(understood.text, why);
  }

  /** Takes the idle time away, if there is one. */
  neverIdle(why: string): void {
    if (this.idleTimeout === 0) return;
    delete this.#settings.idle_timeout;
    for (const understood of this.#understood) {
      if (understood.path !== 'idle_timeout') continue;
      this.#understood.delete(understood);
      this.drop(understood.text, why);
    }
  }

  /** A field that requests get with this value, also if they have another one. */
  requestField(key: string, value: JsonValue, text: string): void {
    (this.#settings.request_defaults ??= {})[key] = value;
    this.#understood.add({ text, path: `request_defaults.${key}` });
    this.withoutRequestField(key, text);
  }

  /** A field that llamactl removes from requests. */
  withoutRequestField(key: string, text: string): void {
    const fields = (this.#settings.request_strip ??= []);
    if (!fields.includes(key)) fields.push(key);
    this.#understood.add({ text, path: 'request_strip' });
  }

  /** Names the instance after its first alias, by which its programs ask, if that is a valid name. Keeps a name that it has. */
  nameAfterAlias(): void {
    const [first] = this.#aliases;
    if (first === undefined || this.name !== undefined) return;
    const [alias, understood] = first;
    if (!CreateInstanceSchema.shape.name.safeParse(alias).success) return;
    this.#settings.name = alias;
    this.#aliases.delete(alias);
    this.#understood.delete(understood);
    this.#understood.add({ ...understood, path: 'name' });
  }

  /** Names the instance after a text, as far as the rules for names allow. Keeps a name that it has. */
  nameAfter(text: string): void {
    if (this.name !== undefined) return;
    const name = text
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 63);
    if (CreateInstanceSchema.shape.name.safeParse(name).success) this.#settings.name = name;
  }

  /** Replaces the name of the instance. */
  rename(to: string): void {
    this.#settings.name = to;
  }

  /** Replaces the model file, for example by its path outside of a container. */
  moveModel(to: string): void {
    this.#settings.model_path = to;
  }

  result(): ParsedInstance {
    const settings = {
      ...this.#settings,
      ...(this.#arguments.length === 0 ? {} : { extra_args: this.#arguments }),
      ...(this.#environment.size === 0 ? {} : { environment: Object.fromEntries(this.#environment) }),
      ...(this.#aliases.size === 0 ? {} : { aliases: [...this.#aliases.keys()] }),
    };
    return { settings, understood: [...this.#understood], dropped: this.#dropped };
  }

  #replace(path: string): void {
    const replaced = this.#replaceable.get(path);
    if (replaced === undefined) return;
    this.#understood.delete(replaced);
    this.drop(replaced.text, 'is given again later, and the last one counts');
  }
}

function masked(text: string): string {
  return text.replace(SECRET, '$1***');
}

function itemOf(value: string | number | boolean): string | number {
  return typeof value === 'boolean' ? String(value) : value;
}
