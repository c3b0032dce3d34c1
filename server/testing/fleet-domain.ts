import { FleetSchema, type Applied, type Fleet } from '@llamactl/contract/fleet';
import type { CreateInstance } from '@llamactl/contract/instance';
import type { ApplyOptions } from '../instances/use-cases.ts';
import { Domain } from './domain.ts';

/** The domain, for tests that apply documents to it. */
export class FleetDomain extends Domain {
  apply(instances: CreateInstance[], options: Partial<ApplyOptions> = {}): Promise<Applied> {
    const fleet: Fleet = { version: 1, instances };
    return this.instances.fleet.apply(FleetSchema.parse(fleet), { prune: false, dryRun: false, ...options });
  }

  /** The same, with whatever time its work takes. */
  async applyInTime(instances: CreateInstance[], options: Partial<ApplyOptions> = {}): Promise<Applied> {
    const applied = this.apply(instances, options);
    await this.pass(60_000);
    return applied;
  }

  /** Everything that an apply without changes must leave alone. */
  async traces(): Promise<unknown> {
    await this.settle();
    return [await this.store.load(), this.events.events.length, this.store.commits, this.world.alive().length];
  }

  /** Does something once while an apply looks at the disk. */
  meanwhile(act: () => Promise<unknown>): void {
    const preflight = this.adapter.preflight.bind(this.adapter);
    this.adapter.preflight = async () => {
      this.adapter.preflight = preflight;
      await act();
      return preflight();
    };
  }

  /** How the engine of an instance can be ended from now on. */
  async endsBy(name: string, way: 'SIGKILL' | 'nothing'): Promise<void> {
    const stored = (await this.store.load()).find(({ record }) => record.name === name);
    this.world.process(stored?.record.id ?? '').endsBy = way;
  }
}

/** An entry of a document. */
export const entry = (name: string, settings: Partial<CreateInstance> = {}): CreateInstance => ({
  name,
  model_path: '/m.gguf',
  ...settings,
});

export const actions = ({ results }: Applied): string[] => results.map(({ name, action }) => `${action} ${name}`);
export const errors = ({ results }: Applied): (string | undefined)[] => results.map(({ error }) => error);
