import { yamlLines } from '../instances/foreign-import-report.ts';
import { plain } from '../screen/text.ts';
import type { Terminal } from '../screen/terminal.ts';
import type { GoConfiguration } from './go-configuration.ts';

/** Prints a configuration of the Go llamactl as lines for our configuration file, and the settings that these lack. */
export async function reportGoConfiguration(terminal: Terminal, done: GoConfiguration): Promise<void> {
  if (terminal.isJson) return terminal.printJson(done);
  const isEmpty = Object.keys(done.configuration).length === 0;
  for (const line of isEmpty ? [] : await yamlLines(done.configuration)) terminal.print(plain(line));
  for (const { text, why } of done.dropped) terminal.note(plain(`not taken: ${text}: ${why}`));
  terminal.note(
    isEmpty
      ? 'the configuration file needs no lines; nothing was changed'
      : 'these lines are for the configuration file (llamactl config path); nothing was changed',
  );
  terminal.note('docs/how-to/from-go-llamactl.md lists all settings');
}
