import type { DomainEvent } from '@llamactl/contract/events';
import type { Instance, InstanceSummary, Status } from '@llamactl/contract/instance';
import type { Trigger } from '@llamactl/contract/trigger';
import { PORT_CLASH, type AlertSink } from '../instances/ports/alert-sink.ts';
import { causeOf, type FailedSettings } from '../instances/why/failure-cause.ts';
import type { Clock } from '../instances/ports/time.ts';
import { GpuMemoryAlert, type GpuMemoryAlertDependencies } from './gpu-memory-alert.ts';
import {
  judgeCrashLoop,
  judgeFailed,
  judgeGpuMemory,
  judgePortClash,
  GOES_ON,
  type StatusChange,
} from './instance-trouble.ts';

/** Raises and clears the alerts of single instances from the events of the bus. */
export interface InstanceAlerts {
  /** Checks every instance: no event reports one that failed before this process started. */
  lookAtAll(): void;
  close(): void;
}

/** The instances as they are now, from memory. */
export interface SeenInstances {
  list(status?: Status): readonly Pick<InstanceSummary, 'name' | 'status' | 'reason'>[];
  /** `null`: there is no instance of this name. Each event asks, so it must not cost more with more instances. */
  idOf(name: string): string | null;
  /** Called only with the name of an instance that is there. */
  get(
    name: string,
  ): Pick<Instance, 'name' | 'status' | 'reason' | 'port' | 'restart_count' | 'on_demand' | 'engine' | 'model_path'>;
}

export interface InstanceAlertsDependencies extends GpuMemoryAlertDependencies {
  clock: Pick<Clock, 'after'>;
  alerts: AlertSink;
  events: { subscribe(listener: (event: DomainEvent) => void): () => void };
  instances: SeenInstances;
  /** The process that listens on a port of this machine; `null`: none. */
  portHolder: (port: number) => Promise<unknown>;
  onFault: (error: unknown, what: string) => void;
}

export const INSTANCE_FAILED = 'instance_failed';
export const CRASH_LOOP = 'crash_loop';

/** Time after which a run counts as stable; the restart policy then resets its count. */
const SOUND_AFTER_MS = 5 * 60_000;
const LOOK_AT_PORTS_EVERY_MS = 10_000;

/** A status as an event reports it, or as it is now. */
type Seen = Pick<StatusChange, 'name' | 'status' | 'reason'> & {
  previous_status?: StatusChange['status'] | undefined;
  trigger?: Trigger | undefined;
};

/** Data about an instance in trouble. */
interface Trouble {
  /** Why the instance went down last. It is kept here, because the status `starting` has no reason. */
  reason: string | null;
  /** The number of restarts in the alert; 0: none is raised. */
  reported: number;
  forgiven: number;
  /** Whether requests try again, after a failure with the same settings. */
  isRetried: boolean;
  /** Whether its settings changed after it failed. */
  isChanged: boolean;
  cancelSound: () => void;
}

export function createInstanceAlerts(dependencies: InstanceAlertsDependencies): InstanceAlerts {
  const { clock, alerts, events, instances, portHolder, onFault } = dependencies;
  const troubles = new Map<string, Trouble>();
  /** Taken ports, by the name of the instance that needs the port. */
  const clashes = new Map<string, number>();
  const gpuMemory = new GpuMemoryAlert(dependencies);
  let cancelLook: (() => void) | null = null;
  let isClosed = false;

  const look = (name: string): ReturnType<SeenInstances['get']> | null =>
    instances.idOf(name) === null ? null : instances.get(name);

  const troubleOf = (name: string): Trouble => {
    const trouble = troubles.get(name) ?? {
      reason: null,
      reported: 0,
      forgiven: 0,
      isRetried: false,
      isChanged: false,
      cancelSound: () => undefined,
    };
    troubles.set(name, trouble);
    return trouble;
  };
  const endLoop = (name: string, trouble: Trouble): void => {
    trouble.reported = 0;
    alerts.clear(CRASH_LOOP, name);
  };

  const crashLoop = (change: StatusChange, settings: FailedSettings): void => {
    const { name, status, restarts } = change;
    const trouble = troubleOf(name);
    trouble.cancelSound();
    trouble.reason = change.reason ?? (status === 'starting' ? trouble.reason : null);
    trouble.forgiven = Math.min(trouble.forgiven, restarts);
    const verdict = judgeCrashLoop({ ...change, reason: trouble.reason }, trouble.forgiven);
    if (verdict === null) {
      endLoop(name, trouble);
    } else if (verdict !== undefined && trouble.reported !== restarts) {
      // Once for each restart: `starting` follows `restarting`. The text has the present number.
      trouble.reported = restarts;
      const cause = causeOf(trouble.reason ?? '', settings);
      alerts.raise({ level: 'warning', code: CRASH_LOOP, message: verdict, instance: name, cause });
    }
    if (status === 'running' && trouble.reported !== 0) {
      trouble.cancelSound = clock.after(SOUND_AFTER_MS, () => endLoop(name, trouble));
    }
  };

  const portClash = (change: StatusChange): void => {
    const { name, port } = change;
    const verdict = judgePortClash(change);
    if (verdict === null) alerts.clear(PORT_CLASH, name);
    else if (verdict !== undefined && clashes.get(name) !== port) {
      alerts.raise({ level: 'error', code: PORT_CLASH, message: verdict, instance: name, cause: 'port_in_use' });
      // The alert of the previous server has no second event.
      clashes.set(name, port);
      watchPorts();
    }
  };

  /** Notes whether requests try again to start a failed instance. */
  const isRetried = ({ name, status, previous_status: previous, trigger }: Seen): boolean => {
    const trouble = troubleOf(name);
    if (status === 'starting' && previous === 'failed') {
      trouble.isRetried = trigger?.kind === 'demand' && !trouble.isChanged;
    } else if (!GOES_ON.has(status)) trouble.isRetried = false;
    if (status !== 'failed') trouble.isChanged = false;
    return trouble.isRetried;
  };

  const changed = (seen: Seen): void => {
    const now = look(seen.name);
    if (now === null) return;
    const change: StatusChange = {
      name: seen.name,
      status: seen.status,
      reason: seen.reason,
      port: now.port,
      restarts: now.restart_count,
      onDemand: now.on_demand,
      isRetried: isRetried(seen),
    };
    const failed = judgeFailed(change);
    if (typeof failed === 'string') {
      const cause = causeOf(seen.reason ?? '', now);
      alerts.raise({ level: 'error', code: INSTANCE_FAILED, message: failed, instance: seen.name, cause });
    } else if (failed === null) alerts.clear(INSTANCE_FAILED, seen.name);
    crashLoop(change, now);
    portClash(change);
    const isShort = judgeGpuMemory(change);
    if (isShort === false) gpuMemory.forget(seen.name);
    if (isShort === true)
      gpuMemory.note(seen.name).catch((error: unknown) => onFault(error, 'The GPUs cannot be read'));
  };

  const updated = (name: string): void => {
    const now = look(name);
    if (now === null) return;
    const trouble = troubles.get(name);
    if (trouble !== undefined) {
      trouble.forgiven = now.restart_count;
      trouble.isChanged = true;
      endLoop(name, trouble);
    }
    if (clashes.has(name) && clashes.get(name) !== now.port) alerts.clear(PORT_CLASH, name);
    gpuMemory.forget(name);
  };

  const deleted = (name: string): void => {
    troubles.get(name)?.cancelSound();
    troubles.delete(name);
    clashes.delete(name);
    gpuMemory.forget(name);
  };

  /**
   * Moves the data about a renamed instance, and rewords its alerts. The alerts themselves already have the new name.
   */
  const renamed = (previous: string, name: string): void => {
    const trouble = troubles.get(previous);
    if (trouble !== undefined) troubles.set(name, trouble);
    deleted(previous);
    const now = look(name);
    if (now !== null) changed(now);
  };

  const lookAtPorts = async (): Promise<void> => {
    try {
      for (const [name, port] of clashes) {
        if ((await portHolder(port)) === null && !isClosed && clashes.get(name) === port)
          alerts.clear(PORT_CLASH, name);
      }
    } catch (error) {
      onFault(error, 'Checking whether a port is free again failed; trying again');
    }
    cancelLook = null;
    watchPorts();
  };
  const watchPorts = (): void => {
    if (isClosed || clashes.size === 0 || cancelLook !== null) return;
    cancelLook = clock.after(LOOK_AT_PORTS_EVERY_MS, () => void lookAtPorts());
  };

  const unsubscribe = events.subscribe((event) => {
    switch (event.type) {
      case 'instance_status_changed':
        return changed({ ...event.data, reason: event.data.reason ?? null });
      case 'instance_updated':
        if (event.data.previous_name !== undefined) return renamed(event.data.previous_name, event.data.name);
        return updated(event.data.name);
      case 'instance_deleted':
        return deleted(event.data.name);
      case 'system_alert': {
        const { code, instance, state } = event.data;
        if (code !== PORT_CLASH || instance === undefined) return;
        const now = state === 'raised' ? look(instance) : null;
        if (now === null) clashes.delete(instance);
        else clashes.set(instance, now.port);
        return watchPorts();
      }
      default:
        return;
    }
  });

  return {
    lookAtAll: () => {
      for (const instance of [...instances.list('failed'), ...instances.list('restarting')]) changed(instance);
    },
    close: () => {
      isClosed = true;
      unsubscribe();
      cancelLook?.();
      for (const { cancelSound } of troubles.values()) cancelSound();
    },
  };
}
