import type { SettingsProblem } from '../instances/ports/engine-adapter.ts';
import type { InstanceRecord, Settings } from '../instances/ports/instance-record.ts';
import type { FlagCatalogue } from './flags.ts';
import { bareName } from './flags.ts';
import { flagNames } from './launch-words.ts';

const FLAG = '--slot-save-path';
const BARE_FLAG = bareName(FLAG);
const VARIABLE = 'LLAMA_ARG_SLOT_SAVE_PATH';

/** The parts of a launch that decide whether its context can be kept. */
export interface ContextLaunch {
  launcherArguments: readonly string[];
  environment: Readonly<Record<string, string>>;
  catalogue: FlagCatalogue | null;
  isContainer: boolean;
}

/** The arguments that give an engine the folder for its contexts; none if the instance keeps no context. */
export function contextArguments(settings: Settings, launch: ContextLaunch, folder: string): string[] {
  if (settings.keep_context !== 'auto' || settings.isolated === true) return [];
  return contextObstacle(settings, launch) === null ? [FLAG, folder] : [];
}

/** Why an instance with `keep_context` keeps no context, as the end of a sentence; `null`: it does keep it. */
export function contextObstacle(
  { options, extra_args: extra }: Pick<Settings, 'options' | 'extra_args'>,
  { launcherArguments, environment, catalogue, isContainer }: ContextLaunch,
): string | null {
  if (isContainer) return 'the engine runs in a container, which does not see the folder for contexts';
  if (flagNames(options, [...launcherArguments, ...extra]).has(BARE_FLAG) || environment[VARIABLE] !== undefined)
    return '`slot_save_path` gives the engine another folder';
  if (catalogue === null) return 'the flags of the engine are not known';
  return catalogue.findArgument(FLAG) === null ? `the engine has no ${FLAG}` : null;
}

/** Settings that contradict `keep_context`. */
export function contextProblems({ keep_context: keep, isolated }: InstanceRecord['settings']): SettingsProblem[] {
  if (keep !== 'auto' || isolated !== true) return [];
  const message = 'cannot be `auto` together with `isolated`, which reuses no prompt; set it to `off`';
  return [{ code: 'VALIDATION_ERROR', path: 'keep_context', message }];
}
