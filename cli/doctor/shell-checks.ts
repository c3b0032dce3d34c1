import { codeOf, errorWords } from '@llamactl/contract/reason';
import { statSync } from 'node:fs';
import path from 'node:path';
import { ollamaVariables } from '../ollama-variables.ts';
import { doubtful, well, wrong, type Finding } from './finding.ts';
import { readableFile } from '../readable-file.ts';

/**
 * Least limit of open files. A request takes two, an engine a few. Under load, a server with a lower limit runs out of
 * them within an hour.
 */
const FEW_FILES = 4_096;

/** Checks that the credentials of contexts are private. @param file Of the contexts; need not exist. */
export function checkContexts(file: string): Finding {
  const check = 'contexts';
  try {
    const { mode } = statSync(file);
    const rights = `mode ${(mode & 0o777).toString(8).padStart(4, '0')}`;
    if ((mode & 0o077) !== 0) {
      return wrong(check, `${file} is readable by others (${rights}), and contains credentials`, `chmod 600 ${file}`);
    }
    const { mode: folderMode } = statSync(path.dirname(file));
    if ((folderMode & 0o022) !== 0) {
      return wrong(check, `others can replace ${file}`, `chmod go-w ${path.dirname(file)}`);
    }
    return well(check, `${file}, ${rights}`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return well(check, 'none');
    return doubtful(check, `${file} cannot be read: ${errorWords(error)}`);
  }
}

/**
 * Checks the server's limit of open files.
 *
 * @param pid Of the server; `null`: none runs, and a new one would inherit our limit.
 */
export function checkOpenFiles(pid: number | null): Finding[] {
  const limits = readableFile(`/proc/${pid ?? 'self'}/limits`);
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '') ?? [];
  return soft === undefined ? [] : [judgeOpenFiles(soft === 'unlimited' ? Infinity : Number(soft))];
}

export function judgeOpenFiles(most: number): Finding {
  const check = 'open files';
  const message = `the server may open ${most === Infinity ? 'any number of' : `at most ${most}`} files`;
  if (most >= FEW_FILES) return well(check, message);
  return doubtful(check, message, 'raise it: ulimit -n 65536 in the shell, or LimitNOFILE=65536 in the service');
}

/** Names the variables of Ollama in this shell, which have no effect. Empty: none is set. */
export function checkOllamaVariables(environment: Readonly<Record<string, string | undefined>>): Finding[] {
  const variables = ollamaVariables(environment);
  if (variables.length === 0) return [];
  const message = 'these variables have no effect here; these settings do the same';
  return [{ check: 'Ollama', level: 'ok', message, remedies: variables }];
}

/** Whether the clock is plausible. @param built Build time of this program, RFC 3339. */
export function checkClock(now: number, built: string): Finding {
  const check = 'clock';
  const shown = new Date(now).toISOString();
  // A checkout has timestamps of another machine, whose clock may be some minutes ahead.
  if (now >= Date.parse(built) - 3_600_000) return well(check, shown);
  return wrong(
    check,
    `the time here is ${shown}, before this program was built (${built}): certificates and log-ins will fail`,
    'set the clock: timedatectl set-ntp true',
  );
}
