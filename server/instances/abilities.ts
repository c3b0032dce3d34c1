import { INSTANCE_CAPABILITIES, type InstanceCapability, type InstanceSummary } from '@llamactl/contract/instance';
import type { Model } from '@llamactl/contract/model';
import type { Served, Serving } from './ports/engine-adapter.ts';

/** Abilities of an instance, as its views show them. */
export type Abilities = Pick<InstanceSummary, 'capabilities' | 'context_size' | 'slots'>;

/** The facts of the library about a model. */
export type ModelAbilities = Pick<Model, 'capabilities' | 'context'>;

/**
 * Judges what an instance can answer. Pure.
 *
 * @param declared For an engine that llamactl does not know: the kinds that the configuration names; empty: unknown.
 * @param model `null`: the library does not have it.
 * @param serving By the options of its launch; `null`: llamactl does not know the engine.
 * @param served As the running engine reported it; `null`: it did not, or none runs.
 */
export function abilitiesOf(
  model: ModelAbilities | null,
  serving: Serving | null,
  served: Served | null,
  declared: readonly InstanceCapability[] = [],
): Abilities {
  if (serving === null) {
    return {
      capabilities: INSTANCE_CAPABILITIES.filter((each) => declared.includes(each)),
      context_size: null,
      slots: null,
    };
  }
  return {
    capabilities: capabilitiesOf(model, serving, served),
    context_size: served?.context ?? contextOf(model, serving),
    slots: served?.slots ?? serving.slots,
  };
}

function capabilitiesOf(model: ModelAbilities | null, serving: Serving, served: Served | null): InstanceCapability[] {
  // With either option the engine answers nothing else: llama-server dies of a chat (SIGSEGV).
  const isMeasuring = serving.embeddings || serving.rerank;
  const known = model?.capabilities ?? ['chat'];
  const chat = !isMeasuring && (known.includes('chat') || serving.hasTemplate);
  const marks: Record<InstanceCapability, boolean> = {
    chat,
    embeddings: serving.embeddings && !serving.rerank,
    rerank: serving.rerank,
    vision: chat && (served?.vision ?? serving.projector),
    audio: chat && served?.audio === true,
    // No engine that llamactl knows makes images.
    image: false,
    tools: chat && serving.readsTemplates && known.includes('tools'),
  };
  return INSTANCE_CAPABILITIES.filter((each) => marks[each]);
}

/** Without `ctx_size` the engine takes the trained context, or less if that does not fit. */
function contextOf(model: ModelAbilities | null, serving: Serving): number | null {
  const whole = serving.context ?? model?.context ?? null;
  if (whole === null) return serving.mostContext;
  const share = Math.floor(whole / serving.contextShares);
  return serving.mostContext === null ? share : Math.min(share, serving.mostContext);
}
