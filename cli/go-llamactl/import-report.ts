import { shellQuoted } from '../../format/shell-words.ts';
import { plain } from '../screen/text.ts';
import type { Terminal } from '../screen/terminal.ts';
import { changeText } from '../instances/imported-change.ts';
import type { GoConfiguration } from './go-configuration.ts';
import type { GoImportOptions, GoStep } from './go-import.ts';
import { engineLines, otherBackend } from './other-backends.ts';

/** Prints the steps of an import from the Go llamactl. */
export function reportGo(
  terminal: Terminal,
  steps: readonly GoStep[],
  { source, isDryRun, isUpdate }: GoImportOptions,
): void {
  if (terminal.isJson) return terminal.printJson(steps);
  const done = steps.filter(({ action, error }) => (action === 'create' || action === 'update') && error === null);
  if (terminal.isQuiet) for (const { instance } of done) terminal.print(plain(instance ?? ''));
  else for (const step of steps) if (step.error === null) terminal.print(plain(lineOf(step, isDryRun)));
  for (const { name, action, error } of steps)
    if (error !== null) terminal.warn(plain(`${name} ${action === 'skip' ? 'skipped' : 'failed'}: ${error}`));
  for (const { name, warnings } of steps)
    for (const warning of warnings) terminal.note(plain(`warning: ${name}: ${warning}`));
  for (const [dropped, names] of droppedBy(steps)) terminal.note(plain(`not taken: ${dropped} (${names.join(', ')})`));
  noteEngines(terminal, steps);
  const behind = steps.filter(({ needsRestart }) => needsRestart).map(({ instance }) => instance);
  if (behind.length > 0) terminal.note(`to apply the changes: llamactl restart ${behind.join(' ')}`);
  if (!isUpdate && steps.some(({ differences }) => differences.length > 0))
    terminal.note(`to change them: llamactl import go-llamactl ${shellQuoted(source)} --update`);
  if (isDryRun || !done.some(({ action }) => action === 'create')) return;
  terminal.note('created instances are stopped; a request starts each, unless its on_demand is false');
  terminal.note('docs/how-to/from-go-llamactl.md has the rest of the move');
}

function lineOf({ action, name, instance, settings, differences, kept }: GoStep, isDryRun: boolean): string {
  if (action !== 'create') return `${instance}  ${changeText({ differences, kept }, action === 'update', isDryRun)}`;
  const of = instance === name ? '' : ` for ${name}`;
  return `${instance}  ${isDryRun ? 'would be created' : 'created'}${of}, with ${settings.join(', ')}`;
}

/** Prints a configuration of the Go llamactl as lines for our configuration file, and the settings that these lack. */
export async function reportGoConfiguration(terminal: Terminal, done: GoConfiguration): Promise<void> {
  if (terminal.isJson) return terminal.printJson(done);
  const { stringify } = await import('yaml');
  for (const line of stringify(done.configuration).trimEnd().split('\n')) terminal.print(plain(line));
  for (const { setting, why } of done.dropped) terminal.note(plain(`not taken: ${setting}: ${why}`));
  terminal.note('these lines are for the configuration file (llamactl config path); nothing was changed');
  terminal.note('docs/how-to/from-go-llamactl.md lists all settings');
}

/** Prints the custom engines that the configuration lacks, as lines for its file. */
function noteEngines(terminal: Terminal, steps: readonly GoStep[]): void {
  const backends = [...new Set(steps.map(({ missing }) => missing))].map(otherBackend).filter((each) => each !== null);
  if (backends.length === 0) return;
  terminal.note('for the configuration file (llamactl config path), before llamactl reload and this command again:');
  for (const line of ['engines:', ...backends.flatMap(engineLines)]) terminal.note(`  ${line}`);
}

/** The names of the instances that lack the same for the same reason. */
function droppedBy(steps: readonly GoStep[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { name, dropped } of steps) {
    for (const { setting, why } of dropped) {
      const text = `${setting}: ${why}`;
      names.set(text, [...(names.get(text) ?? []), name]);
    }
  }
  return names;
}
