import { ValueStore } from '../../lib/value-store.ts';
import { chatBody } from './chat-body.ts';
import { OneAnswer, type AnswerEffects } from './one-answer.ts';
import type { ParameterTexts } from './parameters.ts';

/** One column: an instance and its answer. */
export interface Column {
  id: number;
  instance: string;
  run: OneAnswer;
}

/** A prompt for all columns, with its settings. */
export interface ComparePrompt {
  text: string;
  /** The system prompt; empty: none. */
  system: string;
  parameters: ParameterTexts;
}

/** Owns a comparison: its prompt, its columns and their answers. It outlives the part of the page that shows it. */
export class CompareBoard {
  readonly prompt = new ValueStore<ComparePrompt>({ text: '', system: '', parameters: {} });
  readonly columns: ValueStore<readonly Column[]>;
  /** How many answers come now. */
  readonly running = new ValueStore(0);
  readonly #effects: AnswerEffects;
  #ids = 0;
  /** The prompt of the answers that are shown. */
  #asked: ComparePrompt | null = null;

  constructor(instances: readonly string[], effects: AnswerEffects) {
    this.#effects = effects;
    this.columns = new ValueStore<readonly Column[]>(instances.map((name) => this.#column(name)));
  }

  /** Changes the prompt, or its settings. */
  write(fields: Partial<ComparePrompt>): void {
    this.prompt.set({ ...this.prompt.get(), ...fields });
  }

  add(instance: string): void {
    this.columns.set([...this.columns.get(), this.#column(instance)]);
  }

  remove(id: number): void {
    this.columns.set(this.columns.get().filter((column) => column.id !== id));
  }

  change(id: number, instance: string): void {
    this.columns.set(this.columns.get().map((column) => (column.id === id ? { ...column, instance } : column)));
  }

  /** Asks all columns. Ignored without a text, and while answers come. */
  send(): void {
    if (this.prompt.get().text.trim() === '' || this.running.get() > 0) return;
    this.#asked = this.prompt.get();
    for (const column of this.columns.get()) void this.#ask(column, this.#asked);
  }

  /** Asks one column again. */
  retry(column: Column): void {
    if (this.#asked !== null) void this.#ask(column, this.#asked);
  }

  /** Ends all answers. Their texts so far stay. */
  stop(): void {
    for (const { run } of this.columns.get()) run.stop();
  }

  async #ask({ instance, run }: Column, { text, system, parameters }: ComparePrompt): Promise<void> {
    this.running.set(this.running.get() + 1);
    const { messages, ...rest } = chatBody({ instance, system, parameters }, []);
    await run.ask({ ...rest, messages: [...messages, { role: 'user', content: text.trim() }] });
    this.running.set(this.running.get() - 1);
  }

  #column(instance: string): Column {
    this.#ids += 1;
    return { id: this.#ids, instance, run: new OneAnswer(this.#effects) };
  }
}
