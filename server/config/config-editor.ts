import type { AuditChange } from '@llamactl/contract/auth';
import {
  KEPT_BY_RELOAD,
  type Config,
  type ConfigPatch,
  type ConfigView,
  type ConfigWritten,
} from '@llamactl/contract/config';
import { composeConfig } from './compose.ts';
import { ConfigError } from './config-error.ts';
import { currentFile } from './current-file.ts';
import type { CurrentFile } from './current-file.ts';
import { namedFile, readConfigFile } from './file.ts';
import { placed } from './load.ts';
import type { ConfigOrigin } from './load.ts';
import { planned } from './plan.ts';
import type { Plan } from './plan.ts';
import type { ConfigEditorRights } from './protection.ts';
import { valueAt } from './record.ts';
import { unreadable, unwritable } from './config-refusals.ts';
import { UnwritableFile, fileReplacer } from './replace-file.ts';
import type { ReplaceFile } from './replace-file.ts';
import { changedKeys, masked, rulesOf, sourcesOf } from './config-view.ts';

/** Shows and changes the configuration of the next start. Does not change the running server. */
export interface ConfigEditor {
  view(): Promise<ConfigView>;
  /**
   * Throws `VALIDATION_ERROR`, `FORBIDDEN`, `CONFIG_PINNED` or `CONFIG_READ_ONLY`, without having written anything.
   *
   * @param onWritten Gets the old and new values of the changed keys of the file, with secret keys masked.
   */
  update(patch: ConfigPatch, onWritten?: (changes: AuditChange[]) => void): Promise<ConfigWritten>;
}

/** Attempts to write while another program keeps changing the file. */
const MOST_TRIES = 5;

/**
 * @param origin The inputs of the running llamactl. Its variables and flags apply, and so do secrets as they were read
 *   from files at the start: such a file may be a pipe.
 * @param editor Requests may not change all keys; see `protection.ts`.
 */
export function createConfigEditor(
  origin: ConfigOrigin,
  replaceFile: ReplaceFile = fileReplacer(),
  editor: 'requests' | 'machine user' = 'requests',
): ConfigEditor {
  const { search, surroundings, composed: running } = origin;
  let last: Promise<unknown> = Promise.resolve();

  /** The privilege counts only if the file has it now and the server runs with it. */
  const rightsIn = (file: CurrentFile['file']): ConfigEditorRights =>
    editor === 'machine user'
      ? editor
      : {
          isAuthOn: running.config.auth.enabled,
          allowsPrivileged:
            running.config.security.allow_privileged &&
            valueAt(file?.values, ['security', 'allow_privileged']) === true,
        };

  const write = async (patch: ConfigPatch): Promise<Plan> => {
    for (let attempt = 1; ; attempt += 1) {
      const current = currentFile(origin);
      const plan = planned(current, patch, surroundings, rightsIn(current.file));
      if (plan.text === null) return plan;
      const { path, file, isGone } = current;
      const before = file?.text ?? null;
      // Do not create the folder of a file that existed at the start: a disk may be missing.
      const replacement = { path, before, after: plan.text, uid: search.uid, makesFolder: !isGone };
      if (await replaceFile(replacement)) return plan;
      if (attempt === MOST_TRIES) throw unwritable(path, 'another program keeps changing it');
    }
  };

  return {
    view: async () => {
      try {
        return viewOf(origin, rightsIn);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return {
          config: masked(running.written),
          sources: sourcesOf(running.written, origin.file, surroundings),
          rules: rulesOf(running.written, surroundings, rightsIn(origin.file)),
          file: namedFile(search) ?? origin.file?.path ?? null,
          restart_required: false,
          pending: [],
          problem: error.message,
        };
      }
    },
    // One at a time: each update starts from the result of the previous one.
    update: async (patch, onWritten) => {
      const turn = last.then(() => write(patch));
      last = turn.catch(() => null);
      try {
        const plan = await turn;
        onWritten?.(plan.changes);
        return answer(plan, running.config);
      } catch (error) {
        if (error instanceof ConfigError) throw unreadable(error.problems);
        if (error instanceof UnwritableFile) throw unwritable(error.path, error.message);
        throw error;
      }
    },
  };
}

function viewOf(origin: ConfigOrigin, rightsIn: (file: CurrentFile['file']) => ConfigEditorRights): ConfigView {
  const { search, surroundings, composed: running } = origin;
  const { file, isGone } = currentFile(origin);
  // Fails as the next start will.
  if (isGone) readConfigFile(search);
  const { composed, problems } = composeConfig(file, surroundings);
  if (composed === null) throw new ConfigError(problems.map(placed));
  const pending = changedKeys(running.config, composed.config);
  return {
    config: masked(composed.written),
    sources: sourcesOf(composed.written, file, surroundings),
    rules: rulesOf(composed.written, surroundings, rightsIn(file)),
    file: file?.path ?? null,
    restart_required: pending.length > 0,
    pending,
  };
}

function answer({ changes, after }: Plan, running: Config): ConfigWritten {
  const changed = changes.map(({ path }) => path);
  const pending = changedKeys(running, after.config);
  return {
    message: messageOf(changed.length > 0, pending),
    restart_required: pending.length > 0,
    changed,
    config: masked(after.written),
  };
}

function messageOf(isChanged: boolean, pending: readonly string[]): string {
  if (!isChanged) return 'Nothing to change: the configuration has these values already';
  if (pending.length === 0) return 'Configuration updated; llamactl already runs with it';
  const kept = pending.filter((key) => KEPT_BY_RELOAD.has(key));
  if (kept.length === 0) return 'Configuration updated; `llamactl reload` or a restart applies it';
  return `Configuration updated; ${kept.join(' and ')} ${kept.length === 1 ? 'takes' : 'take'} effect when llamactl restarts; a reload is not enough`;
}
