import { z } from 'zod';
import { ApiError } from '@llamactl/contract/errors';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Instance } from '@llamactl/contract/instance';
import type { Alert } from '@llamactl/contract/system';
import { explain, isAboutMemory, isAboutOptions } from '../../instances/why/explanation.ts';
import type { WhyFacts } from '../../instances/why/why-facts.ts';
import type { Engines } from '../../instances/ports/engine-adapter.ts';
import type { Clock } from '../../instances/ports/time.ts';
import type { SystemView } from '../../metrics/metrics.ts';
import { suggestion } from '../../suggestion.ts';
import type { Bind, Input } from '../operations.ts';
import { seesCallers } from '../edge/gate.ts';
import type { EventHistoryView } from './events.routes.ts';
import { estimateOfInstance, type EstimateParts } from './estimate.routes.ts';
import { alertsFor } from './system.routes.ts';

/** Lines of the log in which the line behind a failure is searched. The loader alone writes some 170 before it fails. */
const SEARCHED_LINES = 400;

export interface WhyParts extends EstimateParts {
  clock: Pick<Clock, 'now'>;
  engines: Pick<Engines, 'find'>;
  /** Current alerts, oldest first. */
  alerts: () => Alert[];
  metrics: { system: Pick<SystemView, 'status'> };
  history: Pick<EventHistoryView, 'events'>;
}

/** Explains the state of an instance to a caller, from facts that this caller may see. */
export function whyRoutes(bind: Bind, parts: WhyParts): void {
  bind(OPERATIONS.getInstanceWhy, async (input) => {
    const known = await factsFor(input, parts);
    const facts = isAboutMemory(known) ? { ...known, estimate: await estimateFor(input, parts) } : known;
    if (!isAboutOptions(facts)) return explain(facts);
    const engineOptions = await optionsOf(parts.engines, facts.instance.engine);
    return explain({ ...facts, engineOptions, meantOption: (name) => suggestion(name, engineOptions) });
  });
}

/** The options of an engine in all spellings; empty: they are unknown. */
async function optionsOf(engines: WhyParts['engines'], engine: string): Promise<ReadonlySet<string>> {
  const { options = [] } = (await engines.find(engine)?.options()) ?? {};
  const spellings = options.flatMap(({ key, flags }) => [
    key,
    ...flags.map((flag) => flag.replace(/^--?/, '').replaceAll('-', '_')),
  ]);
  return new Set(spellings);
}

type WhyInput = Input<typeof OPERATIONS.getInstanceWhy>;

async function factsFor({ params, caller, manager }: WhyInput, parts: WhyParts): Promise<WhyFacts> {
  const { name } = manager.get(params.name);
  const [health, status, { logs: log }] = await Promise.all([
    manager.health(name),
    parts.metrics.system.status([]),
    manager.logs(name, { lines: SEARCHED_LINES, level: null, afterSeq: null }),
  ]);
  // Read the instance last, so that it is no older than the other facts.
  const instance = manager.get(name);
  const { memory_usage: used, memory_total: total } = status.resources;
  return {
    instance,
    health,
    alerts: alertsFor(caller, manager, parts.alerts()).filter((alert) => (alert.instance ?? name) === name),
    memory: { used, total },
    log,
    waitsFor: waitsOf(instance),
    evictedFor: await evictedFor(instance, { caller, manager }, parts.history),
    estimate: null,
    tried: manager.triedChanges(name),
    engineOptions: null,
    meantOption: () => null,
    now: parts.clock.now(),
  };
}

/** The last changes of status of a stopped instance: to `stopping`, and to `stopped`. */
const CHANGES_OF_STOP = 2;

/** The instance for which another was evicted; the state does not name it, because not all readers may see it. */
async function evictedFor(
  { name, status, last_exit: last }: Instance,
  { caller, manager }: Pick<WhyInput, 'caller' | 'manager'>,
  history: WhyParts['history'],
): Promise<string | null> {
  if (status !== 'stopped' || last === null || !last.reason.startsWith('it was evicted')) return null;
  const query = {
    visible: caller.instances,
    seesCallers: seesCallers(caller),
    instance: { name, id: manager.idOf(name) },
    before: Number.MAX_SAFE_INTEGER,
    limit: CHANGES_OF_STOP,
  };
  const { events } = await history.events(query, 'instance_status_changed');
  const triggers = events.flatMap((event) => (event.type === 'instance_status_changed' ? [event.data.trigger] : []));
  return triggers.find((trigger) => trigger?.kind === 'eviction')?.needed_by ?? null;
}

async function estimateFor({ params, caller, manager }: WhyInput, parts: WhyParts): Promise<WhyFacts['estimate']> {
  try {
    return await estimateOfInstance(parts, params.name, caller, manager);
  } catch (error) {
    // The need of this engine or file is unknown.
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** The instances that a start waits for; the scheduler names them where memory or slots are short. */
const WaitsSchema = z.object({ waits_for: z.array(z.string()) });

function waitsOf(instance: Instance): string[] {
  return WaitsSchema.safeParse(instance).data?.waits_for ?? [];
}
