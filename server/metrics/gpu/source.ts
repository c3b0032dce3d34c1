import type { Clock } from '../../instances/ports/time.ts';
import type { FindTool, OnFault, RunTool } from '../metrics-ports.ts';
import type { GpuReading, GpuTool } from './reading.ts';

/** The readings of one vendor's GPUs. Runs the tool only when a caller asks for a reading. */
export interface GpuSource {
  /**
   * Resolves with a new reading if one is due and comes soon, otherwise with the last one; `null`: no reading. Never
   * rejects.
   */
  current(): Promise<GpuReading | null>;
  /** Like {@link current}, but the next reading is due at once, unless the tool is missing or has failed. */
  fresh(): Promise<GpuReading | null>;
  /** The last reading. Does not wait; starts a new reading if one is due. */
  latest(): GpuReading | null;
}

export interface GpuSourceDependencies {
  runTool: RunTool;
  findTool: FindTool;
  clock: Pick<Clock, 'elapsed' | 'after'>;
  onFault: OnFault;
}

/** A driver in trouble makes its tool hang. */
const TOOL_TIMEOUT_MS = 5_000;
/** How long a caller waits; a later reading serves the next caller. */
const PATIENCE_MS = 1_500;
const SEARCH_EVERY_MS = 300_000;
/**
 * The source rests for this many times the duration of a reading. A reading costs from 20 ms to seconds of CPU time, so
 * this limits it to a twentieth of a core.
 */
const REST_RATIO = 20;
const SHORTEST_REST_MS = 5_000;
const LONGEST_REST_MS = 60_000;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 600_000;
/** An older reading says nothing about the present. */
const STALE_MS = 120_000;

/** @param tools Of one vendor, the best first. When a tool fails, the next attempt uses the next one that is installed. */
export function createGpuSource(tools: readonly GpuTool[], dependencies: GpuSourceDependencies): GpuSource {
  const { runTool, findTool, clock, onFault } = dependencies;
  let chosen: { tool: GpuTool; file: string; memory: Map<number, string> } | null = null;
  let preferred = 0;
  let last: { reading: GpuReading; at: number } | null = null;
  let rest = { from: 0, milliseconds: 0 };
  let failures = 0;
  let pending: Promise<void> | null = null;

  const isWithin = (from: number, milliseconds: number): boolean => clock.elapsed() - from < milliseconds;
  const find = async (): Promise<typeof chosen> => {
    for (let offset = 0; offset < tools.length; offset += 1) {
      const tool = tools[(preferred + offset) % tools.length];
      for (const command of tool?.commands ?? []) {
        const file = await findTool(command);
        if (tool !== undefined && file !== null) return { tool, file, memory: new Map() };
      }
    }
    return null;
  };
  const attempt = async (): Promise<number> => {
    try {
      chosen ??= await find();
      if (chosen === null) return SEARCH_EVERY_MS;
      const { tool, file, memory } = chosen;
      const begun = clock.elapsed();
      const reading = await tool.read((args) => runTool(file, args, { timeoutMs: TOOL_TIMEOUT_MS }), memory);
      last = { reading, at: clock.elapsed() };
      failures = 0;
      return Math.min(LONGEST_REST_MS, Math.max(SHORTEST_REST_MS, (clock.elapsed() - begun) * REST_RATIO));
    } catch (error) {
      const name = chosen?.file ?? tools[0]?.commands[0];
      if (chosen !== null) preferred = tools.indexOf(chosen.tool) + 1;
      chosen = null;
      last = null;
      failures += 1;
      if (failures === 1) onFault(error, `${name} cannot read the GPUs; trying again`);
      return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    }
  };
  const refresh = (isUrgent = false): Promise<void> | null => {
    const rests = isWithin(rest.from, rest.milliseconds) && !(isUrgent && last !== null);
    if (pending === null && !rests) {
      pending = attempt().then((milliseconds) => {
        rest = { from: clock.elapsed(), milliseconds };
        pending = null;
      });
    }
    return pending;
  };
  const known = (): GpuReading | null => (last !== null && isWithin(last.at, STALE_MS) ? last.reading : null);

  const read = async (isUrgent: boolean): Promise<GpuReading | null> => {
    const coming = refresh(isUrgent);
    if (coming !== null) await orLater(coming, clock);
    return known();
  };

  return {
    current: () => read(false),
    fresh: () => read(true),
    latest: () => {
      void refresh();
      return known();
    },
  };
}

/** Resolves when `coming` does, or after {@link PATIENCE_MS}. */
async function orLater(coming: Promise<void>, clock: Pick<Clock, 'after'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(PATIENCE_MS, resolve);
  await Promise.race([coming, promise]);
  cancel();
}
