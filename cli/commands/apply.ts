import type { Applied } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { count } from '../../format/figures.ts';
import { inputText } from '../input-file.ts';
import { applyFile, type FleetFile } from '../instances/fleet-request.ts';
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
        const document = { file, text: await inputText(session, file) };
        const mustAsk = prune && !dryRun && !yes;
        if (mustAsk && (file === '-' || !terminal.canAsk)) {
          throw new Problem('--prune deletes instances and cannot ask for confirmation here: add --yes', EXIT.usage);
        }
        if (mustAsk && !(await agreed(session, document))) {
          terminal.note('nothing was changed');
          return commandLine.endWith(EXIT.failed);
        }
        const applied = await applyFile(session, document, { prune, dry_run: dryRun });
        report(session, applied);
        if (applied.results.some(({ error }) => error !== undefined)) commandLine.endWith(EXIT.failed);
      }),
    );
}

/** Asks for confirmation, but only if an instance would be deleted. */
async function agreed(session: Session, document: FleetFile): Promise<boolean> {
  const { terminal, signal } = session;
  const plan = await applyFile(session, document, { prune: true, dry_run: true });
  const removals = plan.results.filter(({ action }) => action === 'remove').length;
  if (removals === 0) return true;
  for (const line of planLines(plan.results, terminal.style)) terminal.warn(line);
  const answer = await terminal.ask(`Delete ${count(removals, 'instance')} with all logs (y/N)? `, signal);
  return /^y(es)?$/i.test(answer.trim());
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
