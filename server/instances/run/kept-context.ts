import type { Launch } from '../life/lifecycle.ts';
import type { Contexts } from '../ports/contexts.ts';
import type { Settings } from '../ports/instance-record.ts';
import { FOLDER_WORDS, type LaunchPlan } from '../ports/runs.ts';
import { type Clock, pause } from '../ports/time.ts';

/** Whether the settings let an instance keep its context over a stop. */
export function keepsContext({ keep_context: keep, isolated }: Pick<Settings, 'keep_context' | 'isolated'>): boolean {
  return keep === 'auto' && isolated !== true;
}

/** Prepares the context of a launch. If it cannot be kept, the plan launches the engine without it. */
export async function withContext(
  contexts: Pick<Contexts, 'prepare'>,
  instance: string,
  plan: LaunchPlan,
): Promise<Pick<Launch, 'plan' | 'contextKey'>> {
  if (plan.context === undefined) return { plan };
  const contextKey = await contexts.prepare(instance, plan);
  return contextKey === null ? { plan: withoutContext(plan) } : { plan, contextKey };
}

/** An engine whose folder for contexts is missing would not start. */
function withoutContext({ context, ...plan }: LaunchPlan): LaunchPlan {
  return context === undefined ? plan : { ...plan, argv: plan.argv.toSpliced(context.at, FOLDER_WORDS) };
}

/** Waits for a save or a restore, at most until `until` ({@link Clock.elapsed} time) or until `signal` aborts. */
export async function atMostUntil(
  clock: Clock,
  until: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const timeOut = pause(clock, Math.max(0, until - clock.elapsed()), AbortSignal.any([signal, over.signal]));
  try {
    await Promise.race([work(), timeOut]);
  } finally {
    over.abort();
  }
}
