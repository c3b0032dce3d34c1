import type { DomainEvent } from '@llamactl/contract/events';
import { type Exposition, labelText } from './exposition.ts';

interface Life {
  starts: number;
  restarts: number;
  failures: number;
  evictions: number;
  idleStops: number;
}

/** Counts starts, restarts, failures and stops of instances, from their events. */
export class LifeCounters {
  /** By the instance's name. */
  readonly #lives = new Map<string, Life>();

  /** Counts an event. Drops the counters of a deleted instance: a new one of its name starts at zero. */
  onEvent({ type, data }: DomainEvent): void {
    if (type === 'instance_deleted') this.#lives.delete(data.name);
    if (type === 'instance_updated' && data.previous_name !== undefined) this.#rename(data.previous_name, data.name);
    if (type !== 'instance_status_changed') return;
    const life = this.#lives.get(data.name) ?? { starts: 0, restarts: 0, failures: 0, evictions: 0, idleStops: 0 };
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

  /** @param instances Names of the instances to include, as their figures are labelled. */
  write(exposition: Exposition, instances: readonly string[]): void {
    const counter = (name: string, help: string) => exposition.family(name, 'counter', help);
    const starts = counter('llamactl_instance_starts_total', 'Times that it entered `starting`.');
    const restarts = counter('llamactl_instance_restarts_total', 'Times that it entered `restarting`, for any cause.');
    const failures = counter('llamactl_instance_failures_total', 'Times that it entered `failed`.');
    const evictions = counter('llamactl_instance_evictions_total', 'Times that it was stopped to make room.');
    const idleStops = counter('llamactl_instance_idle_stops_total', 'Times that it was stopped because it was idle.');
    for (const instance of instances) {
      const life = this.#lives.get(instance);
      const labels = labelText({ instance });
      starts.addText(String(life?.starts ?? 0), labels);
      restarts.addText(String(life?.restarts ?? 0), labels);
      failures.addText(String(life?.failures ?? 0), labels);
      evictions.addText(String(life?.evictions ?? 0), labels);
      idleStops.addText(String(life?.idleStops ?? 0), labels);
    }
  }
}
