import type { DroppedText, JsonValue } from '@llamactl/client';
import { codeOf, errorWords } from '@llamactl/contract/reason';
import { shellQuoted } from '../../format/shell-words.ts';
import { sourceName } from '../foreign-file.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';
import {
  type ForeignImport,
  type ForeignImportOptions,
  type ForeignStep,
  importCommand,
  UNKNOWN_FLAG,
} from './foreign-import.ts';
import { changeText } from './imported-change.ts';
import type { ShownLines } from './shown-lines.ts';

/**
 * Prints an import from another program: the instances, what was not taken, and lines for the configuration file.
 *
 * @param shown The lines of earlier imports of this source.
 */
export async function reportForeignImport(
  terminal: Terminal,
  done: ForeignImport,
  program: 'llama-swap' | 'go-llamactl',
  options: ForeignImportOptions,
  shown: ShownLines,
): Promise<void> {
  const { steps } = done;
  rememberMade(terminal, steps, options, shown);
  if (terminal.isJson) return terminal.printJson(done);
  const made = steps.filter(({ action, error }) => error === null && (action === 'create' || action === 'update'));
  if (terminal.isQuiet) {
    for (const { instance } of made) terminal.print(plain(instance ?? ''));
    for (const step of steps) if (step.error !== null) terminal.warn(plain(failureText(step)));
  } else await printAll(terminal, done, options, shown);
  const note = (text: string): void => terminal.note(plain(text));
  if (steps.length === 0)
    note(`${sourceName(options.source)} has no ${program === 'llama-swap' ? 'models' : 'instances'}`);
  const different = steps.filter(({ differences, error }) => differences.length > 0 && error === null);
  if (!options.isUpdate && different.length > 0)
    note(`to change those that differ: ${importCommand(program, options)} --update`);
  const restarts = steps.flatMap(({ instance, needsRestart, error }) =>
    needsRestart && error === null && instance !== null ? [instance] : [],
  );
  if (restarts.length > 0) note(`to apply the changes: llamactl restart ${restarts.join(' ')}`);
  const created = made.filter(({ action }) => action === 'create');
  const [first] = created;
  if (first === undefined || options.isDryRun) return;
  const isRefused = created.some(({ settings }) => settings.includes('on_demand=false'));
  const but = isRefused ? ', unless its on_demand is false' : '';
  note(`each starts at its first request${but}; to chat with one: llamactl run ${first.instance}`);
  note(`docs/how-to/from-${program}.md has the rest of the move`);
}

/** Remembers the instances that this import made. Only these may be offered for deletion later. */
function rememberMade(
  terminal: Terminal,
  steps: readonly ForeignStep[],
  { isDryRun }: ForeignImportOptions,
  shown: ShownLines,
): void {
  const made = steps.flatMap(({ action, instance, error }) =>
    action === 'create' && instance !== null && error === null ? [instance] : [],
  );
  if (isDryRun || made.length === 0) return;
  try {
    shown.rememberMade(made);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    terminal.note(plain(`a later import does not know that it made these: ${errorWords(error)}`));
  }
}

function failureText({ name, line, action, instance, error }: ForeignStep): string {
  const place = line === null ? '' : ` (line ${line})`;
  const what = `${name ?? instance ?? 'the model'}${place}`;
  return action === 'skip' ? `skipped: ${what}: ${error}` : `${what} failed: ${error}`;
}

async function printAll(
  terminal: Terminal,
  done: ForeignImport,
  options: ForeignImportOptions,
  shown: ShownLines,
): Promise<void> {
  const print = (line: string): void => terminal.print(plain(line));
  const fine = done.steps.filter(({ error }) => error === null);
  const wasShown = shown.read();
  // A new instance is printed as a whole. Of the others, only lines that an earlier import printed are left out.
  const isNew = ({ action }: ForeignStep): boolean => options.isVerbose || action === 'create';
  const isNamed = (step: ForeignStep, each: DroppedText): boolean =>
    isNew(step) || UNKNOWN_FLAG.test(each.why) || !wasShown(lineKey(step, each));
  const fresh = new Map(fine.map((step) => [step, step.dropped.filter((each) => isNamed(step, each))] as const));
  const isFirst = fine.every(isNew);
  const globals = done.dropped.filter((each) => isFirst || !wasShown(lineKey(null, each)));
  const shared = sharedTexts([...fresh.values()]);
  const common = commonWarnings(fine);
  for (const step of done.steps) {
    if (step.error !== null) {
      terminal.warn(plain(failureText(step)));
      continue;
    }
    print(lineOf(step, options));
    if (step.removal !== null) print(`  to remove what stays: ${step.removal}`);
    const own = fresh.get(step)?.filter((each) => !shared.has(keyOf(each))) ?? [];
    for (const each of step.conflicts) print(`  not taken: ${droppedLine(each)}`);
    for (const each of own) print(`  not taken: ${droppedLine(each)}`);
    for (const warning of step.warnings) if (!common.has(warning)) print(`  warning: ${warning}`);
  }
  printSection(print, 'warnings, of several:', [...common]);
  printSection(print, 'not taken, of several:', [...shared.values()].map(droppedLine));
  printSection(print, 'settings of the whole configuration:', globals.map(droppedLine));
  const all = fine.flatMap((step) => step.dropped.map((each) => lineKey(step, each)));
  const count = all.length + done.dropped.length - [...fresh.values()].flat().length - globals.length;
  if (count > 0) print(`not taken, as before: ${count} ${count === 1 ? 'setting' : 'settings'}; --verbose shows all`);
  const { absent } = done;
  if (absent.length > 0) {
    const removal = `llamactl rm ${absent.map(shellQuoted).join(' ')}`;
    print(`instances whose models the file no longer has: ${absent.join(', ')}; to delete them: ${removal}`);
  }
  for (const { from, to } of done.renamed) {
    const rename = `llamactl rename ${shellQuoted(from)} ${shellQuoted(to)}`;
    const remedy = options.isDryRun ? `before the import: ${rename}` : `llamactl rm ${shellQuoted(to)} && ${rename}`;
    print(`${to} has the model file of ${from}; if the file only renamed it, to keep its instance: ${remedy}`);
  }
  const title = `stays in the configuration file ${fileOf(done)}, although ${sourceName(options.source)} no longer has it (delete it, then llamactl reload):`;
  printSection(print, title, done.configuration_kept);
  printSection(
    print,
    'differs in the configuration:',
    done.configuration_changed.map((each) => `${each}; replace it in the configuration`),
  );
  await printConfiguration(print, done);
  try {
    shown.remember([...all, ...done.dropped.map((each) => lineKey(null, each))], options.only.length === 0);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    terminal.note(plain(`the next import names all of this again: ${errorWords(error)}`));
  }
}

/** A line about a step, or about the whole source, apart from equal lines about others. */
function lineKey(step: ForeignStep | null, each: DroppedText): string {
  return JSON.stringify([step === null ? null : (step.name ?? step.instance ?? ''), each.text, each.why]);
}

async function printConfiguration(print: (line: string) => void, done: ForeignImport): Promise<void> {
  const { configuration } = done;
  if (Object.keys(configuration).length === 0) return;
  print('');
  const again = 'engines' in configuration ? ' and this command again' : '';
  const { configuration_replaced: replaced } = done;
  const instead = replaced.length === 0 ? '' : `; replaces the present ${replaced.join(', ')}`;
  print(`for the configuration file ${fileOf(done)}, before llamactl reload${again}${instead}:`);
  print('');
  for (const line of await yamlLines(configuration)) print(line);
}

function fileOf({ configuration_file: file }: ForeignImport): string {
  return file ?? '(by default ~/.config/llamactl/config.yaml; first mkdir -p ~/.config/llamactl)';
}

/** Lines of YAML for a configuration file. */
export async function yamlLines(configuration: Record<string, JsonValue>): Promise<string[]> {
  const { stringify } = await import('yaml');
  return stringify(configuration).trimEnd().split('\n');
}

function lineOf(step: ForeignStep, { isUpdate, isDryRun }: ForeignImportOptions): string {
  const { action, instance, name, settings, differences } = step;
  const what = name === null || name === instance ? '' : ` for ${name}`;
  if (action !== 'create')
    return `${instance}  ${changeText(step, isUpdate, isDryRun)}${differences.length === 0 ? what : ''}`;
  const and = settings.length === 0 ? '' : `, with ${settings.join(', ')}`;
  return `${instance}  ${isDryRun ? 'would be created' : 'created'}${what}${and}`;
}

function printSection(print: (line: string) => void, title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  print('');
  print(title);
  for (const each of lines) print(`  ${each}`);
}

function droppedLine({ text, why }: DroppedText): string {
  return `${text}: ${why}`;
}

function keyOf({ text, why }: DroppedText): string {
  return JSON.stringify([text, why]);
}

/** Warnings about more than one step. */
function commonWarnings(steps: readonly ForeignStep[]): ReadonlySet<string> {
  const all = steps.flatMap(({ warnings }) => [...new Set(warnings)]);
  return new Set(all.filter((warning, at) => all.indexOf(warning) !== at));
}

/** Texts that were dropped in more than one step, once each, by their key. */
function sharedTexts(steps: readonly (readonly DroppedText[])[]): Map<string, DroppedText> {
  const seen = new Set<string>();
  const shared = new Map<string, DroppedText>();
  for (const dropped of steps) {
    const own = new Map(dropped.map((each) => [keyOf(each), each]));
    for (const [key, each] of own) {
      if (seen.has(key)) shared.set(key, each);
      seen.add(key);
    }
  }
  return shared;
}
