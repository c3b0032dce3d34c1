import type { Client, Status } from '@llamactl/client';
import { setTimeout as timeout } from 'node:timers/promises';

/** Where an instance came to rest; `null`: it was deleted. */
export type Rest = 'running' | 'stopped' | 'failed' | null;

export interface SettlingOptions {
  names: readonly string[];
  signal: AbortSignal;
  /** Told whenever the status of one is another. */
  onStatus: (name: string, status: Status) => void;
  /** The server is away and waited for, or is back. */
  onPresence: (isThere: boolean) => void;
  /** Of a time between two looks. Default: real time. */
  pause?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

/** Seconds between looks at the list: a net below the events, which may be away, or begin a moment too late. */
const PAUSES = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2];
const LONGEST_PAUSE = 5;
/** While the server is away. */
const AWAY_PAUSE = 1;

/**
 * Waits until instances that were told to start, stop or restart have come to rest, also while the server restarts.
 *
 * @returns by name, as it was given
 * @throws the signal's reason, and what the server refuses
 */
export async function settled(
  client: Pick<Client, 'events' | 'listInstances'>,
  options: SettlingOptions,
): Promise<ReadonlyMap<string, Rest>> {
  const { names, signal, pause = pauseFor } = options;
  const watch = new Watch(names, options.onStatus);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  // What cannot be heard is looked at: its errors are told there.
  const hearing = hear(client, watch, either).catch(() => undefined);
  const looking = look(client, watch, { ...options, signal: either, pause });
  try {
    await Promise.race([watch.end, looking]);
  } finally {
    over.abort();
    await Promise.allSettled([hearing, looking]);
  }
  return watch.rests;
}

/** Which instances have not come to rest. */
class Watch {
  readonly rests = new Map<string, Rest>();
  /** Resolves when all have. */
  readonly end: Promise<void>;
  /** By name without case. */
  readonly #open: Map<string, { name: string; status: Status | null }>;
  readonly #onStatus: SettlingOptions['onStatus'];
  readonly #resolve: () => void;

  constructor(names: readonly string[], onStatus: SettlingOptions['onStatus']) {
    this.#open = new Map(names.map((name) => [name.toLowerCase(), { name, status: null }]));
    this.#onStatus = onStatus;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.end = promise;
    this.#resolve = resolve;
    if (names.length === 0) resolve();
  }

  get isOver(): boolean {
    return this.#open.size === 0;
  }

  saw(list: readonly { name: string; status: Status }[]): void {
    const present = new Map(list.map(({ name, status }) => [name.toLowerCase(), status]));
    for (const name of this.#open.keys()) this.heard(name, present.get(name) ?? null);
  }

  /** @param status `null`: there is no such instance any more. */
  heard(name: string, status: Status | null): void {
    const key = name.toLowerCase();
    const open = this.#open.get(key);
    if (open === undefined) return;
    if (status !== null && status !== open.status) this.#onStatus(open.name, status);
    open.status = status;
    if (status === 'starting' || status === 'stopping' || status === 'restarting') return;
    this.rests.set(open.name, status);
    this.#open.delete(key);
    if (this.isOver) this.#resolve();
  }
}

async function hear(client: Pick<Client, 'events'>, watch: Watch, signal: AbortSignal): Promise<void> {
  for await (const frame of client.events({ types: ['instance_status_changed', 'instance_deleted'], signal })) {
    if (frame.type === 'instance_status_changed') watch.heard(frame.data.name, frame.data.status);
    else if (frame.type === 'instance_deleted') watch.heard(frame.data.name, null);
  }
}

async function look(
  client: Pick<Client, 'listInstances'>,
  watch: Watch,
  { signal, onPresence, pause }: SettlingOptions & { pause: (seconds: number, signal: AbortSignal) => Promise<void> },
): Promise<void> {
  let isAway = false;
  for (let round = 0; !watch.isOver; round += 1) {
    try {
      watch.saw(await client.listInstances({ signal }));
      if (isAway) onPresence(true);
      isAway = false;
    } catch (error) {
      if (!(await isPassing(error))) throw error;
      if (!isAway) onPresence(false);
      isAway = true;
    }
    if (!watch.isOver) await pause(isAway ? AWAY_PAUSE : (PAUSES[round] ?? LONGEST_PAUSE), signal);
  }
}

/** Whether it is of the kind that passes: the server is away, or has too much to do. */
async function isPassing(error: unknown): Promise<boolean> {
  const { ConnectionError, LlamactlError, ProtocolError } = await import('@llamactl/client');
  if (error instanceof ConnectionError) return true;
  const status = error instanceof LlamactlError || error instanceof ProtocolError ? error.status : null;
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/** @throws the signal's reason */
export async function pauseFor(seconds: number, signal: AbortSignal): Promise<void> {
  await timeout(seconds * 1_000, undefined, { signal });
}
