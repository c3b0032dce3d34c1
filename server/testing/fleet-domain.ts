import { FleetSchema, type Applied, type Fleet } from '@llamactl/contract/fleet';
import type { CreateInstance } from '@llamactl/contract/instance';
import type { ApplyOptions } from '../instances/use-cases.ts';
import { Domain } from './domain.ts';

/** A domain for tests that apply documents to it. */
export class FleetDomain extends Domain {
  apply(instances: CreateInstance[], options: Partial<ApplyOptions> = {}): Promise<Applied> {
    const fleet: Fleet = { version: 1, instances };
    return this.instances.fleet.apply(FleetSchema.parse(fleet), { prune: false, dryRun: false, ...options });
  }

  /** Applies a document, and lets enough time pass for it. */
  async applyInTime(instances: CreateInstance[], options: Partial<ApplyOptions> = {}): Promise<Applied> {
    const applied = this.apply(instances, options);
    await this.pass(60_000);
    return applied;
  }

  /** Everything that an apply without changes must not change. */
  async traces(): Promise<unknown> {
    await this.settle();
    return [await this.store.load(), this.events.events.length, this.store.commits, this.world.alive().length];
  }

  /** Runs `act` once, while an apply checks the disk. */
  meanwhile(act: () => Promise<unknown>): void {
    const preflight = this.adapter.preflight.bind(this.adapter);
    this.adapter.preflight = async () => {
      this.adapter.preflight = preflight;
      await act();
      return preflight();
    };
  }

  /** Sets how the engine of an instance can be ended from now on. */
  async endsBy(name: string, way: 'SIGKILL' | 'nothing'): Promise<void> {
    const stored = (await this.store.load()).find(({ record }) => record.name === name);
    this.world.process(stored?.record.id ?? '').endsBy = way;
  }
}

/** Makes an entry of a document. */
export const entry = (name: string, settings: Partial<CreateInstance> = {}): CreateInstance => ({
  name,
  model_path: '/m.gguf',
  ...settings,
});

export const actions = ({ results }: Applied): string[] => results.map(({ name, action }) => `${action} ${name}`);
export const errors = ({ results }: Applied): (string | undefined)[] => results.map(({ error }) => error);
