import type { Applied } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { foreignFile } from '../foreign-file.ts';
import { count } from '../screen/figures.ts';
import { inputText } from '../input-file.ts';
import { planLines } from '../instances/plan-lines.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';

interface ApplyFlags {
  prune?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

export function applyCommand(commandLine: CommandLine): Command {
  return new Command('apply')
    .description('Create and change instances to match a YAML or JSON file. Only changed instances restart.')
    .argument('<file>', 'File in the format of llamactl export; - for standard input')
    .option('--prune', 'Delete instances that are not in the file, after a confirmation')
    .option('--dry-run', 'Show the plan without applying it')
    .option('-y, --yes', 'Do not ask for confirmation')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<ApplyFlags>(async (session, { words: [file = ''], flags }) => {
        const { terminal } = session;
        const { prune = false, dryRun = false, yes = false } = flags;
        const text = await inputText(session, file);
        const mustAsk = prune && !dryRun && !yes;
        if (mustAsk && (file === '-' || !terminal.canAsk)) {
          throw new Problem('--prune deletes instances and cannot ask for confirmation here: add --yes', EXIT.usage);
        }
        const applied = await unlessForeign(file, text, async () => {
          if (mustAsk && !(await agreed(session, text))) return null;
          return apply(session, text, { prune, dry_run: dryRun });
        });
        if (applied === null) {
          terminal.note('nothing was changed');
          return commandLine.endWith(EXIT.failed);
        }
        report(session, applied);
        if (applied.results.some(({ error }) => error !== undefined)) commandLine.endWith(EXIT.failed);
      }),
    );
}

/** Asks for confirmation, but only if an instance would be deleted. */
async function agreed(session: Session, text: string): Promise<boolean> {
  const { terminal, signal } = session;
  const plan = await apply(session, text, { prune: true, dry_run: true });
  const removals = plan.results.filter(({ action }) => action === 'remove').length;
  if (removals === 0) return true;
  for (const line of planLines(plan.results, terminal.style)) terminal.warn(line);
  const answer = await terminal.ask(`Delete ${count(removals, 'instance')} with all logs (y/N)? `, signal);
  return /^y(es)?$/i.test(answer.trim());
}

async function apply(
  { client, signal }: Session,
  text: string,
  query: { prune: boolean; dry_run: boolean },
): Promise<Applied> {
  // YAML 1.2 includes JSON, but the server's parse errors should be those of the intended format.
  const type = isJson(text) ? 'application/json' : 'application/yaml';
  const request = { text: { type, content: text }, query, isPatient: true, signal };
  return (await client.request<Applied>('POST', '/api/apply', request)).body;
}

/** Runs calls with a document. @throws {Problem} instead of a refusal of a file that belongs to another program */
async function unlessForeign<Result>(file: string, text: string, calls: () => Promise<Result>): Promise<Result> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    return await calls();
  } catch (error) {
    const isOfDocument = error instanceof LlamactlError && error.status === 400;
    throw (isOfDocument ? await foreignFile(file, text) : null) ?? error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // YAML or neither; the server reports errors.
    return false;
  }
}

function report({ terminal }: Session, applied: Applied): void {
  if (terminal.isJson) return terminal.printJson(applied);
  if (terminal.isQuiet) {
    const done = applied.results.filter(({ action, error }) => action !== 'nothing' && error === undefined);
    for (const { name } of done) terminal.print(name);
    for (const { name, error } of applied.results) if (error !== undefined) terminal.warn(`${name}: ${plain(error)}`);
    return;
  }
  for (const line of planLines(applied.results, terminal.style)) terminal.print(line);
  terminal.print(plain(applied.message));
}

const EXAMPLES = `
Examples:
  llamactl apply fleet.yaml --dry-run
  llamactl apply fleet.yaml
  llamactl apply fleet.yaml --prune --yes
  llamactl export | ssh other llamactl apply -

Exit status 1: a step failed; the other steps were applied.`;
