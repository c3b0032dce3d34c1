import { failureOf } from '../failure.ts';
import { onEach, withName, worst } from '../instances/many.ts';
import type { Terminal } from '../screen/terminal.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';

/** One of several things to remove. */
export interface Removal {
  /** Its name in messages. */
  name: string;
  /** Printed after the removal: a line for people, the bare name for `--quiet`, and a value for `--json`. */
  gone: { line: string; quiet: string; json: unknown };
  remove: () => Promise<unknown>;
}

/** Removes all, reports each outcome, and goes on after a failure. */
export async function removeEach(terminal: Terminal, all: readonly Removal[]): Promise<ExitStatus> {
  const byName = new Map(all.map((each) => [each.name, each]));
  const outcomes = await onEach([...byName.keys()], async (name) => byName.get(name)?.remove());
  const statuses = outcomes.map((outcome): ExitStatus => {
    if ('error' in outcome) {
      const { lines, status } = failureOf(outcome.error, true);
      terminal.warn(`llamactl: ${withName(outcome.name, lines.join('; '))}`);
      return status;
    }
    const gone = byName.get(outcome.name)?.gone;
    if (terminal.isJson) terminal.printJsonLine(gone?.json);
    else terminal.print((terminal.isQuiet ? gone?.quiet : gone?.line) ?? '');
    return EXIT.ok;
  });
  return worst(statuses);
}
