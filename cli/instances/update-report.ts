import type { InstanceUpdated } from '@llamactl/client';
import type { CommandLine, Session } from '../command-line.ts';
import { plain } from '../screen/text.ts';
import { carryOut } from './lifecycle.ts';
import { newerModel } from './newer-model.ts';
import { printWarnings } from './warnings.ts';

/** How an update ends. */
export interface UpdateEnd {
  /** The update restarts the instance. */
  restart: boolean;
  /** With `restart`: wait until it runs again. */
  wait: boolean;
  /** The instance had all of a Modelfile already. Default: no. */
  isSame?: boolean;
  /** Further warnings. */
  warnings?: readonly string[];
}

/** Reports an update, and waits for the restart that it caused. */
export async function reportUpdate(
  commandLine: CommandLine,
  session: Session,
  updated: InstanceUpdated,
  { restart, wait, isSame = false, warnings = [] }: UpdateEnd,
): Promise<void> {
  const { terminal } = session;
  const { name, status } = updated.instance;
  printWarnings(terminal, [...(updated.warnings ?? []), ...warnings]);
  const newer = newerModel(updated.instance);
  if (newer !== null) terminal.note(plain(newer));
  if (restart && wait && (status === 'restarting' || status === 'starting')) {
    const begin = async () => [{ name, value: status }];
    return carryOut(commandLine, session, { names: [name], goal: 'running', begin, waits: true });
  }
  if (terminal.isJson) terminal.printJson(updated);
  else {
    const done = isSame ? 'unchanged: it has all that the Modelfile says' : 'updated';
    terminal.print(terminal.isQuiet ? name : `${name}  ${done}${restart ? `, ${status}` : ''}`);
  }
  if (restart && status === 'stopped') terminal.note(`it was not running; to start it: llamactl start ${name}`);
  if (updated.restart_required && !restart) terminal.note(`to apply the changes: llamactl restart ${name}`);
}
