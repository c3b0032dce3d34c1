import type { CreateInstance, FleetStep } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { inputText } from '../input-file.ts';
import { applyFile, type FleetFile, instancesOf } from '../instances/fleet-request.ts';
import { planLines } from '../instances/plan-lines.ts';
import { differenceLines, differences, type Difference } from '../instances/setting-differences.ts';
import { Problem } from '../problem.ts';

interface DiffFlags {
  prune?: boolean;
}

/** A step of the plan, with the values that it changes. */
type DiffStep = FleetStep & { differences: Difference[] };

export function diffCommand(commandLine: CommandLine): Command {
  return new Command('diff')
    .description('Show what apply would change, setting by setting. Changes nothing.')
    .argument('<file>', 'File in the format of llamactl export; - for standard input')
    .option('--prune', 'Include instances that are not in the file, which apply --prune deletes')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<DiffFlags>(async (session, { words: [file = ''], flags: { prune = false } }) => {
        const { terminal } = session;
        const document = { file, text: await inputText(session, file) };
        const steps = await stepsOf(session, document, prune).catch(trouble);
        const differing = steps.filter(({ action, error }) => action !== 'nothing' || error !== undefined);
        if (terminal.isJson) terminal.printJson(steps);
        else if (terminal.isQuiet) for (const { name } of differing) terminal.print(name);
        else {
          for (const step of steps) {
            const [first, ...remarks] = planLines([{ ...step, changes: [] }], terminal.style);
            const lines = differenceLines(step.differences, terminal.style);
            for (const line of first === undefined ? [] : [first, ...lines, ...remarks]) terminal.print(line);
          }
          if (differing.length === 0) terminal.note('no differences');
        }
        if (differing.length > 0) commandLine.endWith(EXIT.failed);
      }),
    );
}

async function stepsOf(session: Session, document: FleetFile, prune: boolean): Promise<DiffStep[]> {
  const { client, signal } = session;
  const { results } = await applyFile(session, document, { prune, dry_run: true });
  const present = byName((await client.exportFleet({ signal })).instances);
  const wanted = byName(await instancesOf(document.text));
  return results.map((step) => {
    const key = step.name.toLowerCase();
    return { ...step, differences: differences(step, present.get(key), wanted.get(key)) };
  });
}

function byName(entries: readonly CreateInstance[]): Map<string, CreateInstance> {
  return new Map(entries.map((entry) => [entry.name.toLowerCase(), entry]));
}

/**
 * Rethrows an error with status 2 if its own is 1, which here means a difference, as in `diff`.
 *
 * @throws {Problem} with status 2, or the error itself
 */
async function trouble(error: unknown): Promise<never> {
  const { failureOf } = await import('../failure.ts');
  const { status, lines, json } = failureOf(error, true);
  if (status !== EXIT.failed) throw error;
  const [first = '', ...remedies] = lines;
  throw new Problem(first, EXIT.usage, remedies, json.code);
}

const EXAMPLES = `
Examples:
  llamactl diff fleet.yaml
  llamactl diff fleet.yaml --prune || llamactl apply fleet.yaml --prune --yes

Values of environment are not shown.
Exit status 0: nothing differs. 1: something differs. 2: the file is refused.`;
