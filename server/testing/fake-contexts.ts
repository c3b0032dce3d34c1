import type { KeptContext } from '@llamactl/contract/instance';
import type { ContextRun, Contexts } from '../instances/ports/contexts.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';

/** Contexts in memory. Like the machine, they outlive the domain of a test. */
export class FakeContexts implements Contexts {
  /** Every call about a run or an instance, oldest first: `save a`, `restore a`. */
  readonly calls: string[] = [];
  /** Delays the next saves and restores. */
  pending: Promise<void> = Promise.resolve();
  /** While set, the folder of a launch cannot be used. */
  isUnusable = false;
  readonly saved = new Map<string, KeptContext>();
  #isClosed = false;

  async load(keeping: ReadonlySet<string>): Promise<void> {
    for (const instance of this.saved.keys()) if (!keeping.has(instance)) this.saved.delete(instance);
  }

  async prepare(_instance: string, { argv }: LaunchPlan): Promise<string | null> {
    return this.isUnusable ? null : argv.join(' ');
  }

  async restore({ name }: ContextRun): Promise<void> {
    this.calls.push(`restore ${name}`);
    await this.pending;
  }

  async save({ name, instance }: ContextRun): Promise<void> {
    this.calls.push(`save ${name}`);
    await this.pending;
    if (this.#isClosed) return;
    this.saved.set(instance, { tokens: 1_000, bytes: 1, saved_at: '2026-01-01T00:00:00.000Z', reuse: null });
  }

  measurement(): null {
    return null;
  }

  async forget(instance: string): Promise<void> {
    this.saved.delete(instance);
  }

  kept(instance: string): KeptContext | null {
    return this.saved.get(instance) ?? null;
  }

  close(): void {
    this.#isClosed = true;
  }
}
