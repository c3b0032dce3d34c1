import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Draft, type DraftPlan } from '../instances/settings-draft.ts';
import { waitsByDefault } from '../instances/lifecycle.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { differenceLines } from '../instances/setting-differences.ts';
import { reportUpdate } from '../instances/update-report.ts';
import { Problem } from '../problem.ts';
import { openInEditor } from '../screen/editor.ts';

interface EditFlags {
  yes?: boolean;
  restart?: boolean;
  wait?: boolean;
}

export function editCommand(commandLine: CommandLine): Command {
  return new Command('edit')
    .description('Change settings of an instance in an editor ($VISUAL, $EDITOR or vi), as YAML.')
    .argument('<name>', 'Instance')
    .option('-y, --yes', 'Do not ask for confirmation')
    .option('--restart', 'Restart it now if it runs')
    .option('--wait', 'With --restart: wait until it runs again (default on a terminal)')
    .option('--no-wait', 'Do not wait')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<EditFlags>(async (session, { words: [name = ''], flags }) => {
        const { terminal } = session;
        const { yes = false, restart = false, wait = waitsByDefault(session) } = flags;
        if (!yes && !terminal.canAsk) {
          throw new Problem('edit cannot ask for confirmation here: add --yes', EXIT.usage);
        }
        const draft = await Draft.open(session, name).catch(async (error: unknown) => {
          throw await nearInstance(session, name, error);
        });
        const keeping = `your text is kept in ${draft.file}`;
        try {
          for (;;) {
            await openInEditor(draft.file, commandLine.surroundings.environment);
            try {
              const plan = await draft.plan();
              if (plan === null) {
                draft.discard();
                return terminal.note('no changes');
              }
              const answer = yes ? 'y' : await agreed(session, plan, restart);
              if (answer === 'e') continue;
              if (answer !== 'y') return terminal.note(`nothing was changed; ${keeping}`);
              const updated = await draft.apply(plan, restart);
              draft.discard();
              return await reportUpdate(commandLine, session, updated, { restart, wait });
            } catch (error) {
              if (!(await isMendable(error)) || !(await editsAgain(session, error))) throw error;
            }
          }
        } catch (error) {
          if (draft.hasChanges) terminal.warn(`llamactl: ${keeping}`);
          else draft.discard();
          throw error;
        }
      }),
    );
}

/** Shows the plan, and asks whether to apply it. */
async function agreed({ terminal, signal }: Session, plan: DraftPlan, restart: boolean): Promise<string> {
  for (const line of differenceLines(plan.differences, terminal.style)) terminal.warn(line);
  if (plan.needsRestart) {
    terminal.warn(restart ? 'The engine is restarted.' : 'The running engine uses this after its next restart.');
  }
  const answer = await terminal.ask('Apply (y/N, e = edit again)? ', signal);
  return answer.trim().toLowerCase().replace(/^yes$/, 'y');
}

/** Whether another text may succeed: the server or the parser refused this one. */
async function isMendable(error: unknown): Promise<boolean> {
  const { LlamactlError } = await import('@llamactl/client');
  if (error instanceof Problem) return error.status === EXIT.usage;
  return error instanceof LlamactlError && (error.status === 400 || error.status === 409);
}

/** Shows why the text was refused, and asks whether to edit it again. */
async function editsAgain({ terminal, signal }: Session, error: unknown): Promise<boolean> {
  if (!terminal.canAsk) return false;
  const { failureOf } = await import('../failure.ts');
  for (const line of failureOf(error, true).lines) terminal.warn(line);
  const answer = await terminal.ask('Edit again (Y/n)? ', signal);
  return !/^n/i.test(answer.trim());
}

const EXAMPLES = `
Examples:
  llamactl edit llama
  llamactl edit llama --restart
  EDITOR='sed -i s/8192/16384/' llamactl edit llama --yes

The plan is shown before it is applied. The text has only settings that differ
from their defaults; a setting that you delete gets its default. If someone else
changed the instance in the meantime, nothing is applied and the text is kept.`;
