import type { Cause } from '@llamactl/contract/cause';
import type { InstanceState } from '../life/lifecycle.ts';
import type { InstanceRecord, Settings } from '../ports/instance-record.ts';
import { settingChanges } from '../settings/setting-changes.ts';
import { causeOfEnd } from './failure-cause.ts';

/** A changed setting with which an instance failed again, for the same cause as before the change. */
export interface TriedChange {
  /** Dotted: `options.ctx_size`, `model_path`. */
  setting: string;
  /** Its new value; `undefined`: the setting was removed. */
  value: unknown;
}

interface Failure {
  cause: Cause;
  /** The end of the run. */
  end: InstanceState['lastExit'];
  /** Those of the failed run. */
  settings: Settings;
  tried: readonly TriedChange[];
}

/** Most changes that are remembered for one instance. */
const MOST_TRIED = 10;

/**
 * Remembers which changes of settings did not help: the next run failed for the same cause. In memory: after a restart of
 * llamactl nothing was tried.
 */
export class TriedChanges {
  /** The last failure, by id of the instance. */
  readonly #failures = new Map<string, Failure>();
  /** Settings of the newest run, by id of the instance. */
  readonly #started = new Map<string, Settings>();

  /** Call it after each change of an instance. */
  look({ record, state }: { readonly record: InstanceRecord; readonly state: InstanceState }): void {
    const { id, settings } = record;
    if (state.status === 'starting' && state.run.launch === null) this.#started.set(id, settings);
    const { lastExit } = state;
    const known = this.#failures.get(id);
    if (lastExit === null || known?.end === lastExit) return;
    const cause = causeOfEnd(lastExit.reason, settings);
    if (cause === null) return;
    const failed = this.#started.get(id) ?? settings;
    const isSame = known !== undefined && known.cause === cause;
    const changes = isSame ? differences(known.settings, failed) : [];
    const others = isSame
      ? known.tried.filter(({ setting }) => !changes.some((change) => change.setting === setting))
      : [];
    this.#failures.set(id, {
      cause,
      end: lastExit,
      settings: failed,
      tried: [...others, ...changes].slice(-MOST_TRIED),
    });
  }

  /** The changes since the first failure for the present cause; empty: none. @param id Of the instance */
  of(id: string): readonly TriedChange[] {
    return this.#failures.get(id)?.tried ?? [];
  }

  /** Forgets a deleted instance. */
  forget(id: string): void {
    this.#failures.delete(id);
    this.#started.delete(id);
  }
}

/** The settings that differ, with their new values. Another order of the options is no change that a person has tried. */
function differences(before: Settings, after: Settings): TriedChange[] {
  return settingChanges(before, after)
    .filter((setting) => setting !== 'options')
    .map((setting) => ({ setting, value: valueOf(after, setting) }));
}

function valueOf(settings: Settings, setting: string): unknown {
  const [, map, entry = ''] = /^(options|environment)\.(.+)$/s.exec(setting) ?? [];
  if (map === 'options') return settings.options[entry];
  if (map === 'environment') return settings.environment[entry];
  return Object.entries(settings).find(([key]) => key === setting)?.[1];
}
