import type { Frame, InstanceSummary } from '@llamactl/client';

/** A measurement gives the start time of a process only roughly; smaller differences mean the same start. */
const SAME_START_MS = 2_000;

/** A local copy of the instance list, updated by events. */
export class InstanceList {
  /** By name, in the server's order. */
  readonly #instances = new Map<string, InstanceSummary>();

  get all(): InstanceSummary[] {
    return [...this.#instances.values()];
  }

  get(name: string): InstanceSummary | undefined {
    return this.#instances.get(name);
  }

  reset(instances: readonly InstanceSummary[]): void {
    this.#instances.clear();
    for (const each of instances) this.#instances.set(each.name, each);
  }

  /** Applies an event. Returns whether the list has to be read again, because the event says too little. */
  take(frame: Frame): boolean {
    switch (frame.type) {
      case 'instance_status_changed':
        return this.#changeStatus(frame);
      case 'instance_start_refused':
        return this.#refuse(frame);
      case 'instance_stats_updated':
        this.#measure(frame);
        return false;
      case 'instance_deleted':
        this.#instances.delete(frame.data.name);
        return false;
      case 'system_alert':
      case 'download_progress':
      case 'decision':
      case 'requests_updated':
      case 'request_started':
      case 'request_finished':
      case 'system_stats_updated':
      case 'instance_load_progress':
      case 'instances_refreshed':
      case 'log_lines':
      case 'log_gap':
        return false;
      case 'instance_created':
      case 'instance_updated':
      case 'gap':
        return true;
    }
  }

  #changeStatus({ timestamp, data }: Frame & { type: 'instance_status_changed' }): boolean {
    const known = this.#instances.get(data.name);
    if (known === undefined) return true;
    const { status, reason = null } = data;
    const startedAt = startAfter(status, known, timestamp);
    this.#instances.set(data.name, { ...known, status, reason, refused: null, started_at: startedAt });
    return false;
  }

  #refuse({ timestamp: at, data: { name, code, message } }: Frame & { type: 'instance_start_refused' }): boolean {
    const known = this.#instances.get(name);
    if (known === undefined) return true;
    this.#instances.set(name, { ...known, refused: { at, code, message } });
    return false;
  }

  #measure({ timestamp, data: { name, stats } }: Frame & { type: 'instance_stats_updated' }): void {
    const known = this.#instances.get(name);
    if (known === undefined || known.status === 'stopped' || known.status === 'failed') return;
    const start = Date.parse(timestamp) - stats.uptime * 1_000;
    if (known.started_at !== null && Math.abs(Date.parse(known.started_at) - start) < SAME_START_MS) return;
    this.#instances.set(name, { ...known, started_at: new Date(start).toISOString() });
  }
}

/** The start time of an instance's process, as far as the status determines it. The next measurement refines it. */
function startAfter(
  status: InstanceSummary['status'],
  { started_at: start }: InstanceSummary,
  timestamp: string,
): string | null {
  if (status === 'running') return start ?? timestamp;
  return status === 'stopping' ? start : null;
}
