import type { InstanceSummary, Parsed, ParsedInstance, UnreadModel } from '@llamactl/client';
import { isRecord } from '@llamactl/contract/record';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { ForeignImportOptions, ForeignStep } from './foreign-import.ts';

/** The engine whose options the server checks. */
const LLAMA_CPP = 'llama_cpp';

/**
 * Refuses to make instances while the server finds no llama-server, and the file names one. All options would become
 * arguments that are not checked, and that later options cannot replace.
 *
 * @throws {Problem} with the lines for the configuration
 */
export async function refuseUnchecked(
  session: Session,
  { configuration }: Parsed,
  models: readonly (ParsedInstance | UnreadModel)[],
  existing: readonly InstanceSummary[],
  { isDryRun, isUpdate }: Pick<ForeignImportOptions, 'isDryRun' | 'isUpdate'>,
): Promise<void> {
  const engines = configuration?.['engines'];
  const section = isRecord(engines) ? engines[LLAMA_CPP] : undefined;
  const command = isRecord(section) ? section['command'] : undefined;
  if (isDryRun || typeof command !== 'string') return;
  const isThere = (name = ''): boolean => existing.some((each) => each.name.toLowerCase() === name.toLowerCase());
  const isMade = ({ settings }: ParsedInstance | UnreadModel): boolean =>
    settings?.engine === LLAMA_CPP && settings.extra_args !== undefined && (isUpdate || !isThere(settings.name));
  if (!models.some(isMade) || !(await lacksEngine(session))) return;
  throw new Problem('the server finds no llama-server, so it cannot check the options of the models', EXIT.failed, [
    `set this first in the configuration: engines: { ${LLAMA_CPP}: { command: ${JSON.stringify(command)} } }`,
    'then: llamactl reload, and this command again',
  ]);
}

/** Warnings of single models that their llama-server is missing. */
const OF_COMMAND = /\bflags of llama-server could not be read\b|`engines\.llama_cpp\.command`/;

/** Steps without warnings about a missing llama-server, if a line about the whole file says what to set. */
export function withoutCommandWarnings(steps: readonly ForeignStep[], { dropped = [] }: Parsed): ForeignStep[] {
  if (!dropped.some(({ why }) => why.startsWith('`engines.llama_cpp.command`'))) return [...steps];
  return steps.map((step) => ({ ...step, warnings: step.warnings.filter((each) => !OF_COMMAND.test(each)) }));
}

/** Whether the server finds no llama-server. One whose help cannot be read is no reason to refuse: nothing can mend it. */
async function lacksEngine({ client, signal }: Session): Promise<boolean> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const engines = await client.listEngines({ signal });
    return engines.some(({ id, program }) => id === LLAMA_CPP && program === null);
  } catch (error) {
    if (error instanceof LlamactlError) return false;
    throw error;
  }
}
