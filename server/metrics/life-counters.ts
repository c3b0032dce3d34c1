import type { DomainEvent } from '@llamactl/contract/events';
import type { InstanceSummary } from '@llamactl/contract/instance';
import { type Exposition, type Family, labelText } from './exposition.ts';

interface Life {
  starts: number;
  restarts: number;
  failures: number;
  evictions: number;
  idleStops: number;
}

/** The families that this file writes. */
const FAMILIES: readonly (readonly [counter: keyof Life, name: string, help: string])[] = [
  ['starts', 'llamactl_instance_starts_total', 'Times that it entered `starting`.'],
  ['restarts', 'llamactl_instance_restarts_total', 'Times that it entered `restarting`, for any cause.'],
  ['failures', 'llamactl_instance_failures_total', 'Times that it entered `failed`.'],
  ['evictions', 'llamactl_instance_evictions_total', 'Times that it was stopped to make room.'],
  ['idleStops', 'llamactl_instance_idle_stops_total', 'Times that it was stopped because it was idle.'],
];
const NEW_LIFE: Readonly<Life> = { starts: 0, restarts: 0, failures: 0, evictions: 0, idleStops: 0 };

/** Counts starts, restarts, failures and stops of instances, from their events. */
export class LifeCounters {
  /** By the instance's name. */
  readonly #lives = new Map<string, Life>();
  /** By the instance's row in the list: its lines, in the order of {@link FAMILIES}. */
  readonly #kept = new WeakMap<object, { life: Readonly<Life>; lines: readonly string[] }>();

  /** Counts an event. Drops the counters of a deleted instance: a new one with its name starts at zero. */
  onEvent({ type, data }: DomainEvent): void {
    if (type === 'instance_deleted') this.#lives.delete(data.name);
    if (type === 'instance_updated' && data.previous_name !== undefined) this.#rename(data.previous_name, data.name);
    if (type !== 'instance_status_changed') return;
    // Make a new object for each change, so that its identity shows whether kept lines are out of date.
    const life = { ...(this.#lives.get(data.name) ?? NEW_LIFE) };
    this.#lives.set(data.name, life);
    if (data.status === 'starting') life.starts += 1;
    if (data.status === 'restarting') life.restarts += 1;
    if (data.status === 'failed') life.failures += 1;
    if (data.status === 'stopping' && data.cause === 'eviction') life.evictions += 1;
    if (data.status === 'stopping' && data.cause === 'idle') life.idleStops += 1;
  }

  #rename(previous: string, name: string): void {
    const life = this.#lives.get(previous);
    this.#lives.delete(previous);
    if (life !== undefined) this.#lives.set(name, life);
  }

  /** @param instances Rows of the list. A row must keep its name: a rename needs a new object. */
  write(exposition: Exposition, instances: readonly Pick<InstanceSummary, 'name'>[]): void {
    const families = FAMILIES.map(([, name, help]) => exposition.family(name, 'counter', help));
    for (const instance of instances) {
      const lines = this.#linesOf(instance, families);
      families.forEach((family, index) => family.addLines(lines[index] ?? ''));
    }
  }

  /** Returns the lines of an instance, and keeps them until a counter changes: most instances rarely start. */
  #linesOf(instance: Pick<InstanceSummary, 'name'>, families: readonly Family[]): readonly string[] {
    const life = this.#lives.get(instance.name) ?? NEW_LIFE;
    const known = this.#kept.get(instance);
    if (known?.life === life) return known.lines;
    const labels = labelText({ instance: instance.name });
    const lines = FAMILIES.map(([counter], index) => families[index]?.line(String(life[counter]), labels) ?? '');
    this.#kept.set(instance, { life, lines });
    return lines;
  }
}
