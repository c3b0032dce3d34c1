import { reasonOf } from '@llamactl/contract/reason';
import type { KeptContext } from '@llamactl/contract/instance';
import type { ContextReuse, ContextRun, Contexts } from '../instances/ports/contexts.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { atMost, type Clock } from '../instances/ports/time.ts';
import { ContextFolder, type SavedSlot, sum } from './context-files.ts';
import { contextKey } from './context-key.ts';
import { hasRoomFor, instancesIn, oldestBeyond, worthSaving } from './context-limits.ts';
import { ignoredInARow, RestoredContexts, type RestoredRun } from './restored-contexts.ts';
import type { ReadText } from './endpoint.ts';
import type { FindProgram } from './engine-ports.ts';
import { LlamaCppSlots } from './llama-cpp-slots.ts';

export interface KeptContextsOptions {
  clock: Pick<Clock, 'now' | 'elapsed' | 'after'>;
  /** The folder of an instance's context, by its id. */
  folderOf: (instance: string) => string;
  /** The folder that holds the folders of all instances. */
  root: string;
  /** `contexts.max_total_mb`, in bytes. */
  maxTotalBytes: number;
  readText: ReadText;
  /** Free bytes of the disk that has a folder. */
  freeBytes: (folder: string) => Promise<number>;
  findProgram: FindProgram;
  /** PATH of the environment that engines inherit. */
  searchPath: string;
  log: ContextLog;
}

export interface ContextLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Longest wait for work under way at the end of the process, milliseconds. */
const SETTLED_MS = 2_000;
/** After this many restores in a row without any reuse, the engine is taken to ignore what it restores. */
const MOST_IGNORED = 2;

/** A slot that the engine has saved, before its file is checked. */
type Written = Pick<SavedSlot, 'slot' | 'file' | 'key' | 'build' | 'tokens' | 'bytes'>;

/**
 * Keeps the contexts of llama-server in files. The engine saves each slot to a file of the instance's folder. llamactl adds
 * a record with key, length and checksum, because the engine notices neither a changed bit nor a model of the same shape.
 * All work on one instance happens in turn.
 */
export class KeptContexts implements Contexts {
  readonly #options: KeptContextsOptions;
  readonly #restored: RestoredContexts;
  /** The end of all work on an instance so far, while some is under way. */
  readonly #turns = new Map<string, Promise<void>>();
  /** Saved slots whose files were checked for the next launch. */
  readonly #checked = new Map<string, { key: string; slots: SavedSlot[] }>();
  readonly #kept = new Map<string, KeptContext>();
  #isClosed = false;

  constructor(options: KeptContextsOptions) {
    this.#options = options;
    this.#restored = new RestoredContexts((run, reuse) => {
      void this.#inTurn(run.instance, () => this.#measured(run, reuse));
    });
  }

  async load(keeping: ReadonlySet<string>): Promise<void> {
    try {
      for (const instance of await instancesIn(this.#options.root)) {
        if (keeping.has(instance)) await this.#inTurn(instance, () => this.#show(instance));
        else await this.forget(instance);
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'The saved contexts could not be read');
    }
  }

  async prepare(instance: string, plan: LaunchPlan): Promise<string | null> {
    const { findProgram, searchPath, log } = this.#options;
    const { context } = plan;
    if (context === undefined || this.#isClosed) return null;
    try {
      const key = await contextKey({ ...plan, context }, findProgram, searchPath);
      await this.#folder(instance).create();
      // Checks the files while the engine loads its model.
      void this.#inTurn(instance, () => this.#check(instance, key));
      return key;
    } catch (error) {
      log.warn({ id: instance }, `The context is not kept over the next stop: ${reasonOf(error)}`);
      return null;
    }
  }

  restore(run: ContextRun, until: number): Promise<void> {
    return this.#inTurn(run.instance, () => this.#restore(run, until));
  }

  save(run: ContextRun, until: number): Promise<void> {
    return this.#inTurn(run.instance, () => this.#save(run, until));
  }

  measurement(instance: string, run: number): ((reuse: ContextReuse | null) => void) | null {
    return this.#restored.measurement(instance, run);
  }

  forget(instance: string): Promise<void> {
    return this.#inTurn(instance, async () => {
      this.#checked.delete(instance);
      this.#restored.drop(instance);
      await this.#folder(instance).empty();
      this.#kept.delete(instance);
    });
  }

  kept(instance: string): KeptContext | null {
    return this.#kept.get(instance) ?? null;
  }

  close(): void {
    this.#isClosed = true;
    this.#restored.close();
  }

  /** Waits for work under way, such as checksums, for two seconds at most. For the end of the process. */
  async settled(): Promise<void> {
    await atMost(this.#options.clock, SETTLED_MS, Promise.all(this.#turns.values()));
  }

  #folder(instance: string): ContextFolder {
    return new ContextFolder(this.#options.folderOf(instance));
  }

  /** Does work on an instance after all earlier work on it. A failure is logged, because contexts are dispensable. */
  #inTurn(instance: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(instance) ?? Promise.resolve())
      .then(() => (this.#isClosed ? undefined : work()))
      .catch((error: unknown) => this.#options.log.warn({ id: instance, err: error }, 'A context was not kept'))
      .finally(() => {
        if (this.#turns.get(instance) === turn) this.#turns.delete(instance);
      });
    this.#turns.set(instance, turn);
    return turn;
  }

  /** Checks the saved slots for a launch, and removes those that do not fit it. */
  async #check(instance: string, key: string): Promise<void> {
    const folder = this.#folder(instance);
    const slots: SavedSlot[] = [];
    for (const saved of await folder.slots()) {
      const fault = saved.key === key ? await folder.fault(saved) : 'model, options, variables or program have changed';
      if (fault === null) slots.push(saved);
      else await this.#drop(instance, saved, fault);
    }
    await folder.tidy();
    this.#checked.set(instance, { key, slots });
    await this.#show(instance);
  }

  async #restore(run: ContextRun, until: number): Promise<void> {
    const { clock, readText, log } = this.#options;
    const left = (): number => until - clock.elapsed();
    const { instance, name, key } = run;
    // After a reload, another server has checked the files.
    if (this.#checked.get(instance)?.key !== key) await this.#check(instance, key);
    const saved = this.#checked.get(instance)?.slots ?? [];
    this.#checked.delete(instance);
    if (saved.length === 0) return;
    const engine = new LlamaCppSlots(readText, run.target);
    const build = await engine.build(left());
    let restored = 0;
    for (const slot of saved) {
      if (left() <= 0) break;
      if (slot.build !== build) {
        await this.#drop(instance, slot, 'the build of the engine has changed');
        continue;
      }
      const moved = await engine.restore(slot.slot, slot.file, left());
      if (moved.kind === 'refused') await this.#drop(instance, slot, `the engine refused it: ${moved.reason}`);
      if (moved.kind === 'no answer')
        log.warn({ instance: name }, `Slot ${slot.slot} of ${name} was not restored in time`);
      if (moved.kind === 'moved') restored += moved.tokens;
    }
    await this.#show(instance);
    if (restored === 0) return;
    this.#restored.add({ ...run, build, tokens: restored });
    log.info({ instance: name }, `Restored ${restored} tokens of context of ${name}`);
  }

  async #save(run: ContextRun, until: number): Promise<void> {
    const { clock, readText, log } = this.#options;
    const left = (): number => until - clock.elapsed();
    const { instance, name, key } = run;
    const folder = this.#folder(instance);
    this.#restored.drop(instance);
    const engine = new LlamaCppSlots(readText, run.target);
    const slots = worthSaving((await engine.list(left())) ?? []);
    if (slots.length === 0) return;
    const build = await engine.build(left());
    const reuse = await folder.reuse();
    if (reuse !== null && reuse.key === key && reuse.build === build && reuse.ignored >= MOST_IGNORED) return;
    await folder.create();
    if (!hasRoomFor(slots, await folder.slots(), await this.#options.freeBytes(folder.folder))) {
      log.warn({ instance: name }, `The context of ${name} is not saved: less than 1 GiB of the disk would stay free`);
      return;
    }
    const written: Written[] = [];
    for (const { id } of slots) {
      if (left() <= 0) break;
      const file = `${run.number}-${id}.bin`;
      const moved = await engine.save(id, file, left());
      if (moved.kind === 'moved' && moved.tokens > 0)
        written.push({ slot: id, file, key, build, tokens: moved.tokens, bytes: moved.bytes });
      if (moved.kind === 'refused')
        log.warn({ instance: name }, `Slot ${id} of ${name} was not saved: ${moved.reason}`);
      if (moved.kind === 'no answer') log.warn({ instance: name }, `Slot ${id} of ${name} was not saved in time`);
    }
    // The checksum of gigabytes takes seconds, and the stop must not wait for it.
    void this.#inTurn(instance, () => this.#record(run, written));
  }

  /** Records the slots that the engine has saved. */
  async #record({ instance, name }: ContextRun, written: readonly Written[]): Promise<void> {
    const { clock, log, maxTotalBytes } = this.#options;
    const folder = this.#folder(instance);
    const saved: SavedSlot[] = [];
    for (const slot of written) {
      if ((await folder.closeOff(slot.file)) !== slot.bytes) {
        log.warn({ instance: name }, `Slot ${slot.slot} of ${name} was not saved: its file is not complete`);
        continue;
      }
      if (slot.bytes > maxTotalBytes) {
        log.warn({ instance: name }, `Slot ${slot.slot} of ${name} was not kept: contexts.max_total_mb is less`);
        continue;
      }
      saved.push({ ...slot, sha256: await folder.sha256(slot.file), savedAt: clock.now() });
    }
    // A hand-over, which may have come during the checksum, gives the folder to another server.
    if (this.#isClosed) return;
    for (const slot of saved) await folder.record(slot);
    await folder.tidy();
    await this.#keepWithinTotal();
    await this.#show(instance);
    if (saved.length === 0) return;
    log.info({ instance: name }, `Saved ${sum(saved.map(({ tokens }) => tokens))} tokens of context of ${name}`);
  }

  /** Removes the oldest saved slots of all instances until the rest is within the limit. */
  async #keepWithinTotal(): Promise<void> {
    const { root, maxTotalBytes } = this.#options;
    for (const { instance, slot } of await oldestBeyond(maxTotalBytes, root, (id) => this.#folder(id))) {
      await this.#drop(instance, slot, 'newer contexts need its room (contexts.max_total_mb)');
      await this.#show(instance);
    }
  }

  async #drop(instance: string, slot: SavedSlot, why: string): Promise<void> {
    this.#options.log.info({ id: instance }, `Removed a saved context of ${slot.tokens} tokens: ${why}`);
    await this.#folder(instance).remove(slot);
  }

  /** Records a measurement, and removes the context if the engine ignores what it restores. */
  async #measured(run: RestoredRun, reuse: ContextReuse): Promise<void> {
    const { instance, name, key, build, tokens } = run;
    const folder = this.#folder(instance);
    const last = await folder.reuse();
    const earlier = last !== null && last.key === key && last.build === build ? last.ignored : 0;
    const ignored = ignoredInARow(earlier, tokens, reuse);
    const at = this.#options.clock.now();
    await folder.recordReuse({ key, build, at, restored: tokens, reused: reuse.cached, ignored });
    if (ignored >= MOST_IGNORED) {
      for (const slot of await folder.slots()) await folder.remove(slot);
      await folder.tidy();
      const message = `The engine of ${name} reused nothing of ${MOST_IGNORED} restored contexts, so no more are saved until its program, model or options change`;
      this.#options.log.warn({ instance: name }, message);
    }
    await this.#show(instance);
  }

  /** Updates the facts that {@link kept} returns. */
  async #show(instance: string): Promise<void> {
    const facts = await this.#folder(instance).facts();
    if (facts === null) this.#kept.delete(instance);
    else this.#kept.set(instance, facts);
  }
}
