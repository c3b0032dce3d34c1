import type { DroppedText } from '@llamactl/client';
import { changeText } from './imported-change.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import type { SwapImport, SwapImportOptions, SwapStep } from './swap-import.ts';

/** Prints an import of a llama-swap configuration: the instances, what was dropped, and lines for the configuration file. */
export async function reportSwapImport(
  terminal: Terminal,
  done: SwapImport,
  { file, only, isUpdate, isDryRun }: SwapImportOptions,
): Promise<void> {
  if (terminal.isJson) return terminal.printJson(done);
  const { steps } = done;
  if (terminal.isQuiet) {
    for (const step of steps) if (isCreated(step)) terminal.print(plain(step.instance ?? ''));
  } else await printAll(terminal, done, { isUpdate, isDryRun });
  if (steps.length === 0) terminal.note('the file has no models');
  for (const step of steps) if (step.error !== null) terminal.warn(plain(failureText(step)));
  const different = steps.filter(({ differences, error }) => differences.length > 0 && error === null);
  if (!isUpdate && different.length > 0)
    terminal.note(
      plain(
        `to change those that differ: llamactl import llama-swap ${shellQuoted(file)}${only.length === 0 ? '' : ` --only ${only.map(shellQuoted).join(' ')}`} --update`,
      ),
    );
  const restarts = different.flatMap(({ instance, needsRestart }) =>
    needsRestart && instance !== null ? [instance] : [],
  );
  if (restarts.length > 0) terminal.note(plain(`to apply the changes: llamactl restart ${restarts.join(' ')}`));
  const first = steps.find(isCreated);
  if (first !== undefined && !isDryRun)
    terminal.note(plain(`each starts at its first request; to chat with one: llamactl run ${first.instance}`));
}

function isCreated({ action, error }: SwapStep): boolean {
  return action === 'create' && error === null;
}

/** How the steps are to be read. */
type Mode = Pick<SwapImportOptions, 'isUpdate' | 'isDryRun'>;

function failureText({ model, line, action, instance, error }: SwapStep): string {
  const name = model ?? instance ?? 'the model';
  return action === 'skip' ? `skipped: ${name} (line ${line}) ${error}` : `${name} (line ${line}) failed: ${error}`;
}

async function printAll(
  terminal: Terminal,
  { steps, dropped, configuration, configuration_file: place }: SwapImport,
  mode: Mode,
): Promise<void> {
  const print = (line: string): void => terminal.print(plain(line));
  const shared = sharedTexts(steps);
  for (const step of steps.filter(({ error }) => error === null)) {
    print(lineOf(step, mode));
    const own = step.dropped.filter((each) => !shared.has(keyOf(each)));
    for (const each of own) print(`  dropped ${droppedLine(each)}`);
    for (const warning of step.warnings) print(`  warning: ${warning}`);
  }
  printSection(print, 'dropped in several models:', [...shared.values()]);
  printSection(print, 'settings of the whole configuration:', dropped);
  if (Object.keys(configuration).length === 0) return;
  const { stringify } = await import('yaml');
  print('');
  print(
    `for the configuration file ${place ?? '(by default ~/.config/llamactl/config.yaml)'}, before llamactl reload:`,
  );
  print('');
  for (const line of stringify(configuration).trimEnd().split('\n')) print(line);
}

function lineOf(
  { action, instance, model, settings, differences, kept }: SwapStep,
  { isUpdate, isDryRun }: Mode,
): string {
  const what = model === null || model === instance ? '' : ` for ${model}`;
  if (action !== 'create')
    return `${instance}  ${changeText({ differences, kept }, isUpdate, isDryRun)}${differences.length === 0 ? what : ''}`;
  const and = settings.length === 0 ? '' : `, with ${settings.join(', ')}`;
  return `${instance}  ${isDryRun ? 'would be created' : 'created'}${what}${and}`;
}

function printSection(print: (line: string) => void, title: string, texts: readonly DroppedText[]): void {
  if (texts.length === 0) return;
  print('');
  print(title);
  for (const each of texts) print(`  ${droppedLine(each)}`);
}

function droppedLine({ text, why }: DroppedText): string {
  return `${text}: ${why}`;
}

function keyOf({ text, why }: DroppedText): string {
  return JSON.stringify([text, why]);
}

/** Texts that were dropped in more than one model, once each, by their key. */
function sharedTexts(steps: readonly SwapStep[]): Map<string, DroppedText> {
  const seen = new Set<string>();
  const shared = new Map<string, DroppedText>();
  for (const { dropped } of steps.filter(({ error }) => error === null)) {
    const own = new Map(dropped.map((each) => [keyOf(each), each]));
    for (const [key, each] of own) {
      if (seen.has(key)) shared.set(key, each);
      seen.add(key);
    }
  }
  return shared;
}
