import { z } from 'zod';
import type { EngineTarget } from '../instances/ports/engine-endpoint.ts';
import type { ReadText } from './endpoint.ts';

/** One of the engine's slots, each of which holds one conversation. */
export interface Slot {
  id: number;
  /** Tokens of its conversation; 0: no request has used the slot in this run. */
  tokens: number;
}

/** The result of a save or a restore. */
export type Moved =
  | { kind: 'moved'; tokens: number; bytes: number }
  /** `reason`: what the engine answered. */
  | { kind: 'refused'; reason: string }
  | { kind: 'no answer' };

/** Most bytes of an answer. A list of slots has some 2 KB for each, the properties have the chat template. */
const MOST_BYTES = 4_194_304;

const SlotsSchema = z.array(
  z.object({
    id: z.int().min(0),
    n_prompt_tokens: z.int().min(0).optional(),
  }),
);
const SavedSchema = z.object({ n_saved: z.int().min(0), n_written: z.int().min(0) });
const RestoredSchema = z.object({ n_restored: z.int().min(0), n_read: z.int().min(0) });
const PropertiesSchema = z.object({ build_info: z.string() });
const RefusalSchema = z.object({ error: z.object({ message: z.string() }) });

/**
 * The slots of a running llama-server, measured on build 11669. Its computing thread answers between two batches, so each
 * call has a time limit, in milliseconds. Never rejects.
 */
export class LlamaCppSlots {
  readonly #read: ReadText;
  readonly #target: EngineTarget;

  constructor(read: ReadText, target: EngineTarget) {
    this.#read = read;
    this.#target = target;
  }

  /** All slots; `null`: the engine does not list them. */
  async list(timeoutMs: number): Promise<Slot[] | null> {
    const slots = await this.#get('/slots', SlotsSchema, timeoutMs);
    if (slots === null) return null;
    return slots.map(({ id, n_prompt_tokens: tokens = 0 }) => ({ id, tokens }));
  }

  /** The build of the running program; `null`: unknown. */
  async build(timeoutMs: number): Promise<string | null> {
    return (await this.#get('/props', PropertiesSchema, timeoutMs))?.build_info ?? null;
  }

  /** Saves a slot to a file of the folder for contexts. */
  async save(slot: number, file: string, timeoutMs: number): Promise<Moved> {
    const answer = await this.#act(slot, 'save', file, SavedSchema, timeoutMs);
    return 'kind' in answer ? answer : { kind: 'moved', tokens: answer.n_saved, bytes: answer.n_written };
  }

  /** Restores a slot from a file of the folder for contexts. */
  async restore(slot: number, file: string, timeoutMs: number): Promise<Moved> {
    const answer = await this.#act(slot, 'restore', file, RestoredSchema, timeoutMs);
    return 'kind' in answer ? answer : { kind: 'moved', tokens: answer.n_restored, bytes: answer.n_read };
  }

  async #get<Value>(path: string, schema: z.ZodType<Value>, timeoutMs: number): Promise<Value | null> {
    if (timeoutMs <= 0) return null;
    const answer = await this.#read(this.#target, path, { timeoutMs, maxBytes: MOST_BYTES });
    if (answer?.status !== 200) return null;
    return schema.safeParse(jsonOf(answer.text)).data ?? null;
  }

  async #act<Value extends object>(
    slot: number,
    action: 'save' | 'restore',
    filename: string,
    schema: z.ZodType<Value>,
    timeoutMs: number,
  ): Promise<Value | Exclude<Moved, { kind: 'moved' }>> {
    if (timeoutMs <= 0) return { kind: 'no answer' };
    const limits = { timeoutMs, maxBytes: MOST_BYTES };
    const answer = await this.#read(this.#target, `/slots/${slot}?action=${action}`, limits, { filename });
    if (answer === null) return { kind: 'no answer' };
    const body = jsonOf(answer.text);
    if (answer.status !== 200) {
      const said = RefusalSchema.safeParse(body).data?.error.message ?? 'no reason';
      return { kind: 'refused', reason: `status ${answer.status}, ${said}` };
    }
    return schema.safeParse(body).data ?? { kind: 'refused', reason: 'an answer of another form' };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
