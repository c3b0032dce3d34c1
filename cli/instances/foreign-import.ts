import type { DroppedText, InstanceSummary, JsonValue } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';

/** The step of an import for one model or instance of another program, planned or done. */
export interface ForeignStep {
  /** Its name there; `null`: it has none. For a file without an instance, the file. */
  name: string | null;
  /** The line of this name in a text; `null`: the source has no lines. */
  line: number | null;
  /** Its instance here; `null`: it gets none. */
  instance: string | null;
  /** `update`: the instance exists, and gets the settings; `nothing`: it exists, and stays as it is; `skip`: it gets none. */
  action: 'create' | 'update' | 'nothing' | 'skip';
  /** The settings that were taken over, in words: `ctx_size=8192`, `group=big`. */
  settings: string[];
  /** Changes that `update` makes or would make, in words: `ctx_size 4096 → 1024`. Empty for an instance that is created. */
  differences: string[];
  /** Settings of an instance that exists which the source lacks, so that they stay. */
  kept: string[];
  /** The command that removes these; `null`: nothing stays. */
  removal: string | null;
  /** The engine runs, and uses the changed settings after a restart. */
  needsRestart: boolean;
  /** Settings without a counterpart, and why. */
  dropped: DroppedText[];
  /** Aliases that instances of no model of the source have, and how to move them. */
  conflicts: DroppedText[];
  warnings: string[];
  /** Why the step failed, or is skipped; `null`: neither. */
  error: string | null;
}

/** The reason of a flag that the engine lacks: a mistake in the file until someone mends it. */
export const UNKNOWN_FLAG = /^the installed llama-server has no such option/;

/** A step without any effect. */
export const NO_STEP: ForeignStep = {
  name: null,
  line: null,
  instance: null,
  action: 'nothing',
  settings: [],
  differences: [],
  kept: [],
  removal: null,
  needsRestart: false,
  dropped: [],
  conflicts: [],
  warnings: [],
  error: null,
};

/** An import from another program, planned or done. */
export interface ForeignImport {
  steps: ForeignStep[];
  /** Instances that an earlier import of the source made, and whose models it no longer has. */
  absent: string[];
  /** New instances with the model file of an absent one: probably the same model under a new name. */
  renamed: { from: string; to: string }[];
  /** Settings of the whole source that became no setting of an instance, and their counterpart. */
  dropped: DroppedText[];
  /** Lines for the configuration file of llamactl, which lacks them. */
  configuration: Record<string, JsonValue>;
  /** Sections of this file that these lines replace: `engines.chat`. */
  configuration_replaced: string[];
  /** Engines of this file that differ, in words: `engines.chat.args: --max-model-len 8192 → 4096`. */
  configuration_changed: string[];
  /** Settings of this file that limit instances, and that the source lacks: `groups.big.exclusive: true`. */
  configuration_kept: string[];
  /** This file, on the server's machine; `null`: no file, or the caller may not read it. */
  configuration_file: string | null;
}

/** How an import was started. */
export interface ForeignImportOptions {
  /** A file or folder; `-`: standard input. */
  source: string;
  /** Names there; empty: all. */
  only: readonly string[];
  /** Whether instances that exist get the settings of the source. */
  isUpdate: boolean;
  /** Whether they also lose the settings that the source lacks. */
  isExact: boolean;
  /** Whether an earlier import of this source made an instance. */
  wasMade: (instance: string) => boolean;
  isDryRun: boolean;
  /** Whether all that is not taken is printed again. */
  isVerbose: boolean;
}

/**
 * The instances that an earlier import of a source made, and that it no longer has. Pure.
 *
 * @param existing Before the import.
 */
export function absentInstances(
  steps: readonly Pick<ForeignStep, 'instance' | 'name'>[],
  existing: readonly InstanceSummary[],
  { only, wasMade }: Pick<ForeignImportOptions, 'only' | 'wasMade'>,
): string[] {
  if (only.length > 0) return [];
  const there = new Set(steps.flatMap(({ instance, name }) => [instance, name]));
  return existing.flatMap(({ name, aliases }) =>
    [name, ...aliases].some((each) => there.has(each)) || !wasMade(name) ? [] : [name],
  );
}

/** The command line of an import. */
export function importCommand(
  program: 'llama-swap' | 'go-llamactl',
  { source, only }: Pick<ForeignImportOptions, 'source' | 'only'>,
): string {
  const words = ['llamactl', 'import', program, source, ...(only.length === 0 ? [] : ['--only', ...only])];
  return words.map(shellQuoted).join(' ');
}
