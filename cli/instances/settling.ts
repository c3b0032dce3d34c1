import type { Client, Status } from '@llamactl/client';
import { setTimeout as timeout } from 'node:timers/promises';

/** The final status of an instance; `null`: it was deleted. */
export type Rest = 'running' | 'stopped' | 'failed' | null;

/** Whether waiting ends at a status. */
export type IsRest = (status: Status) => status is NonNullable<Rest>;

export interface SettlingOptions {
  names: readonly string[];
  signal: AbortSignal;
  /** Called at every status change of an instance. */
  onStatus: (name: string, status: Status) => void;
  /** Called when the server stops answering, and when it answers again. */
  onPresence: (isThere: boolean) => void;
  /** Default: {@link isAtRest}. */
  isRest?: IsRest;
  /** Waits between two polls. Default: real time. */
  pause?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

/** Seconds between polls of the list. Polling backs up the events, which may fail, or begin a moment too late. */
const PAUSES = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2];
const LONGEST_PAUSE = 5;
/** While the server does not answer. */
const AWAY_PAUSE = 1;

/**
 * Waits until instances have settled after a start, stop or restart, also across a restart of the server.
 *
 * @returns the final status by name, as given
 * @throws the signal's reason, and refusals of the server
 */
export async function settled(
  client: Pick<Client, 'events' | 'listInstances'>,
  options: SettlingOptions,
): Promise<ReadonlyMap<string, Rest>> {
  const { names, signal, pause = pauseFor } = options;
  const watch = new Watch(names, options);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  // Polling covers a failed event stream, and reports the error.
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

/** The instances that have not settled yet. */
class Watch {
  readonly rests = new Map<string, Rest>();
  /** Resolves when all have settled. */
  readonly end: Promise<void>;
  /** By lower-case name. */
  readonly #open: Map<string, { name: string; status: Status | null }>;
  readonly #onStatus: SettlingOptions['onStatus'];
  readonly #isRest: IsRest;
  readonly #resolve: () => void;

  constructor(names: readonly string[], { onStatus, isRest = isAtRest }: SettlingOptions) {
    this.#open = new Map(names.map((name) => [name.toLowerCase(), { name, status: null }]));
    this.#onStatus = onStatus;
    this.#isRest = isRest;
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

  renamed(previous: string, name: string): void {
    const open = this.#open.get(previous.toLowerCase());
    if (open === undefined) return;
    this.#open.delete(previous.toLowerCase());
    this.#open.set(name.toLowerCase(), open);
  }

  /** @param status `null`: the instance was deleted. */
  heard(name: string, status: Status | null): void {
    const key = name.toLowerCase();
    const open = this.#open.get(key);
    if (open === undefined) return;
    if (status !== null && status !== open.status) this.#onStatus(open.name, status);
    open.status = status;
    if (status !== null && !this.#isRest(status)) return;
    this.rests.set(open.name, status);
    this.#open.delete(key);
    if (this.isOver) this.#resolve();
  }
}

/** Whether a status is final: it stays until the next command or failure. */
export function isAtRest(status: Status): status is NonNullable<Rest> {
  return status === 'running' || status === 'stopped' || status === 'failed';
}

async function hear(client: Pick<Client, 'events'>, watch: Watch, signal: AbortSignal): Promise<void> {
  const types = ['instance_status_changed', 'instance_updated', 'instance_deleted'] as const;
  for await (const { type, data } of client.events({ types: [...types], signal })) {
    if (type === 'instance_status_changed') watch.heard(data.name, data.status);
    else if (type === 'instance_deleted') watch.heard(data.name, null);
    else if (type === 'instance_updated' && data.previous_name !== undefined)
      watch.renamed(data.previous_name, data.name);
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

/** Whether an error is temporary: the server is unreachable, or overloaded. */
export async function isPassing(error: unknown): Promise<boolean> {
  const { ConnectionError, LlamactlError, ProtocolError } = await import('@llamactl/client');
  if (error instanceof ConnectionError) return true;
  const status = error instanceof LlamactlError || error instanceof ProtocolError ? error.status : null;
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/** @throws the signal's reason */
export async function pauseFor(seconds: number, signal: AbortSignal): Promise<void> {
  await timeout(seconds * 1_000, undefined, { signal });
}
