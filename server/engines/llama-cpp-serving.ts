import { z } from 'zod';
import type { Served, Serving } from '../instances/ports/engine-adapter.ts';
import type { EngineTarget } from '../instances/ports/engine-endpoint.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import type { ReadText } from './endpoint.ts';
import { type Flag, LaunchWords } from './launch-words.ts';
import { llamaCppMemory } from './llama-cpp-memory.ts';

/** The flags that decide which requests are answered, on build 11669. */
const FLAGS = {
  embeddings: { names: ['embeddings', 'embedding'], variable: 'LLAMA_ARG_EMBEDDINGS' },
  rerank: { names: ['reranking', 'rerank'], variable: 'LLAMA_ARG_RERANKING' },
  pooling: { names: ['pooling'], variable: 'LLAMA_ARG_POOLING' },
  jinja: { names: ['jinja'], variable: 'LLAMA_ARG_JINJA', negations: ['no-jinja'] },
  template: { names: ['chat-template', 'chat-template-file'] },
  perSlot: { names: ['kv-unified-per-slot'], variable: 'LLAMA_ARG_KV_UNIFIED_PER_SLOT' },
} as const satisfies Record<string, Flag>;

/** Reads from a launch of llama-server which requests it answers, as far as the options decide it. */
export function llamaCppServing({ argv, environment }: Readonly<Pick<LaunchPlan, 'argv' | 'environment'>>): Serving {
  const words = new LaunchWords(argv, environment);
  const { context, sequences, isUnified, companions } = llamaCppMemory({ argv, environment });
  const rerank = words.truth(FLAGS.rerank) ?? words.text(FLAGS.pooling) === 'rank';
  const perSlot = words.count(FLAGS.perSlot) ?? 0;
  return {
    embeddings: words.truth(FLAGS.embeddings) ?? false,
    rerank,
    projector: companions.some(({ kind }) => kind === 'projector'),
    hasTemplate: words.text(FLAGS.template) !== null,
    readsTemplates: words.truth(FLAGS.jinja) ?? true,
    context,
    contextShares: isUnified ? 1 : sequences,
    mostContext: perSlot > 0 ? perSlot : null,
    slots: sequences,
  };
}

/** Most bytes of the properties, which have the chat template. */
const MOST_BYTES = 4_194_304;
const TIMEOUT_MS = 2_000;

const PropertiesSchema = z.object({
  default_generation_settings: z.object({ n_ctx: z.int().min(1) }),
  total_slots: z.int().min(1),
  modalities: z.object({ vision: z.boolean(), audio: z.boolean() }).partial().optional(),
});

/** Asks a running llama-server which requests it answers. Never rejects; `null`: it does not say. */
export async function llamaCppServed(readText: ReadText, target: EngineTarget): Promise<Served | null> {
  const answer = await readText(target, '/props', { timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES });
  if (answer?.status !== 200) return null;
  const { success, data } = PropertiesSchema.safeParse(jsonOf(answer.text));
  if (!success) return null;
  const { vision = false, audio = false } = data.modalities ?? {};
  return { context: data.default_generation_settings.n_ctx, slots: data.total_slots, vision, audio };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
