import { ApiError } from '@llamactl/contract/errors';
import type { OptionValue } from '@llamactl/contract/instance';
import type { EngineAdapter, Engines } from '../instances/ports/engine-adapter.ts';
import type { Settings } from '../instances/ports/instance-record.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';

/** The settings on which a launch depends, of an instance or of none. */
export interface DraftSettings extends Pick<Settings, 'engine' | 'options' | 'extra_args' | 'environment'> {
  model_path?: string | undefined;
}

/** Changes of options: `null` removes one. */
export type OptionChanges = Readonly<Record<string, OptionValue | null>>;

/** Settings of a model without an instance. */
export function draftSettings(engine: string, file: string): DraftSettings {
  return { engine, model_path: file, options: {}, extra_args: [], environment: {} };
}

/**
 * The settings with other options, which replace their twins.
 *
 * @throws {ApiError} `VALIDATION_ERROR`: there is no such engine
 */
export function withOptions(settings: DraftSettings, changes: OptionChanges, engines: Engines): DraftSettings {
  const adapter = adapterOf(engines, settings.engine);
  const kept = adapter.withoutTwins(wholeSettings(settings), Object.keys(changes));
  const options = Object.fromEntries(
    Object.entries<OptionValue | null>({ ...kept, ...changes }).filter(
      (entry): entry is [string, OptionValue] => entry[1] !== null,
    ),
  );
  return { ...settings, options };
}

/**
 * The plan of a launch, as far as it is known without running the engine's program. Nothing is launched.
 *
 * @throws {ApiError} `VALIDATION_ERROR`: there is no such engine
 */
export function draftPlan(settings: DraftSettings, engines: Engines): LaunchPlan {
  const record = { id: '', name: 'estimate', port: 0, portAssigned: true, createdAt: '', updatedAt: '', version: 0 };
  return adapterOf(engines, settings.engine).plan({ ...record, settings: wholeSettings(settings) });
}

function adapterOf(engines: Engines, engine: string): EngineAdapter {
  const adapter = engines.find(engine);
  if (adapter !== null) return adapter;
  const message = `must be one of ${engines.names().join(', ')}`;
  throw new ApiError('VALIDATION_ERROR', `engine ${message}.`, { problems: [{ path: 'engine', message }] });
}

function wholeSettings({ model_path: file, ...settings }: DraftSettings): Settings {
  const whole = { ...settings, aliases: [], unlisted: false, auto_start: false };
  return file === undefined ? whole : { ...whole, model_path: file };
}
