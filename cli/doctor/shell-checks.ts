import { codeOf, errorWords } from '@llamactl/contract/reason';
import { statSync } from 'node:fs';
import path from 'node:path';
import { ollamaVariables } from '../ollama-variables.ts';
import type { Finding } from '@llamactl/server/main';
import { doubtful, well, wrong } from './finding.ts';

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

/** Names the variables of Ollama in this shell, which have no effect, in one finding. Empty: none is set. */
export function checkOllamaVariables(environment: Readonly<Record<string, string | undefined>>): Finding[] {
  const variables = ollamaVariables(environment);
  if (variables === null) return [];
  return [well('Ollama', `without effect: ${variables}`)];
}
