import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import type { ForeignImportOptions } from '../instances/foreign-import.ts';
import type { ImportStep } from '../instances/ollama-import.ts';
import { Problem } from '../problem.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { replacedText } from '../instances/ollama-replacement.ts';
import type { ShownLines } from '../instances/shown-lines.ts';
import { plain } from '../screen/text.ts';

interface ImportFlags {
  dryRun?: boolean;
  update?: boolean;
  exact?: boolean;
  only?: string[];
  verbose?: boolean;
}

export function importCommand(commandLine: CommandLine): Command {
  return new Command('import')
    .description('Create instances of the models or instances of another program. They are not started.')
    .argument('<program>', 'ollama, llama-swap or go-llamactl')
    .argument(
      '[models...]',
      'Models as Ollama names them (default: all); the configuration of llama-swap, or - for standard input; for go-llamactl, its data directory or a file with its instances',
    )
    .option('--dry-run', 'Show what would be created without creating it')
    .option('--update', 'Give instances that exist the settings that the other program has now; see below')
    .option('--exact', 'With --update, which it implies: also remove settings that the file no longer has')
    .option('--verbose', 'Name all that is not taken again, also of instances that exist')
    .option('--only <names...>', 'Only these models of llama-swap, or instances of go-llamactl')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<ImportFlags>(async (session, { words: [program = '', ...names], flags }) => {
        if (program === 'go-llamactl') return fromGo(commandLine, session, names, flags);
        if (program === 'llama-swap') return fromSwap(commandLine, session, names, flags);
        if (program !== 'ollama') throw await otherProgram(program);
        if (flags.only !== undefined)
          throw new Problem(
            '--only is for llama-swap and go-llamactl; name the models: llamactl import ollama NAME',
            EXIT.usage,
          );
        if (flags.exact === true) throw new Problem('--exact is for llama-swap and go-llamactl', EXIT.usage);
        const { importOllama } = await import('../instances/ollama-import.ts');
        const { dryRun: isDryRun = false, update: isUpdate = false } = flags;
        const steps = await importOllama(session, { names, isDryRun, isUpdate });
        report(session, steps, isDryRun);
        endAfter(commandLine, steps, names.length > 0);
      }),
    );
}

async function fromGo(
  commandLine: CommandLine,
  session: Session,
  sources: readonly string[],
  flags: ImportFlags,
): Promise<void> {
  const [source, ...more] = sources;
  if (source === undefined || more.length > 0)
    throw new Problem('give one folder or file: llamactl import go-llamactl FOLDER_OR_FILE', EXIT.usage);
  const [{ importGo }, { noConfiguration, yamlIn }, { goConfiguration }] = await Promise.all([
    import('../go-llamactl/go-import.ts'),
    import('../go-llamactl/go-records.ts'),
    import('../go-llamactl/go-configuration.ts'),
  ]);
  const values = await yamlIn(session, source);
  if (values !== undefined) {
    const configuration = goConfiguration(values);
    if (configuration === null) throw noConfiguration(source, values);
    const { reportGoConfiguration } = await import('../go-llamactl/configuration-report.ts');
    return reportGoConfiguration(session.terminal, configuration);
  }
  const { reportForeignImport } = await import('../instances/foreign-import-report.ts');
  const shown = await shownLines(commandLine, source);
  const options = foreignOptions(source, flags, shown);
  const done = await importGo(session, options);
  await reportForeignImport(session.terminal, done, 'go-llamactl', options, shown);
  endAfter(commandLine, done.steps, options.only.length > 0);
}

async function fromSwap(
  commandLine: CommandLine,
  session: Session,
  files: readonly string[],
  flags: ImportFlags,
): Promise<void> {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) {
    throw new Problem('import llama-swap needs one file', EXIT.usage, [
      'llamactl import llama-swap ~/llama-swap/config.yaml --dry-run',
      'to choose models of the file: --only NAME',
    ]);
  }
  const [{ importSwap }, { reportForeignImport }] = await Promise.all([
    import('../instances/swap-import.ts'),
    import('../instances/foreign-import-report.ts'),
  ]);
  const { environment } = commandLine.surroundings;
  const shown = await shownLines(commandLine, file);
  const options = { ...foreignOptions(file, flags, shown), environment };
  const done = await importSwap(session, options);
  await reportForeignImport(session.terminal, done, 'llama-swap', options, shown);
  endAfter(commandLine, done.steps, options.only.length > 0);
}

function foreignOptions(
  source: string,
  { dryRun = false, update = false, exact = false, verbose = false, only = [] }: ImportFlags,
  shown: ShownLines,
): ForeignImportOptions {
  return {
    source,
    only,
    isUpdate: update || exact,
    isExact: exact,
    wasMade: shown.made(),
    isDryRun: dryRun,
    isVerbose: verbose,
  };
}

/** The lines that earlier imports of a source printed. @param source A path, or `-`. */
async function shownLines({ surroundings }: CommandLine, source: string): Promise<ShownLines> {
  const [{ ShownLines }, path] = await Promise.all([import('../instances/shown-lines.ts'), import('node:path')]);
  return new ShownLines(surroundings, source === '-' ? source : path.resolve(source));
}

/** The reason of a model that is skipped because a macro or variable has no value: a mistake in the file. */
const UNDEFINED = /^uses (?:the macro )?\$\{/;

/** Sets the exit status. @param isNamed A person named the models, so a skipped one is a failure. */
function endAfter(
  commandLine: CommandLine,
  steps: readonly { action: string; error: string | null }[],
  isNamed: boolean,
): void {
  const isFailure = (action: string, error: string): boolean => action !== 'skip' || isNamed || UNDEFINED.test(error);
  if (steps.some(({ action, error }) => error !== null && isFailure(action, error))) commandLine.endWith(EXIT.failed);
}

/** The way to take over the settings of a program whose files are not imported. */
async function otherProgram(word: string): Promise<Problem> {
  const { existsSync, statSync } = await import('node:fs');
  if (existsSync(word) && statSync(word).isFile()) {
    const [{ readFile }, { foreignFile }] = await Promise.all([
      import('node:fs/promises'),
      import('../foreign-file.ts'),
    ]);
    const foreign = await foreignFile(word, await readFile(word, 'utf8'));
    if (foreign !== null) return foreign;
  }
  return new Problem(`import knows no program ${word}; it imports from: ollama, llama-swap, go-llamactl`, EXIT.usage, [
    'for a file of llamactl export: llamactl apply FILE; for a Modelfile: llamactl create NAME -f Modelfile',
    'docs/how-to/ has a page for the settings of each other program',
  ]);
}

function report({ terminal }: Session, steps: readonly ImportStep[], isDryRun: boolean): void {
  if (terminal.isJson) return terminal.printJson(steps);
  const isDone = ({ action, error }: ImportStep): boolean =>
    error === null && action !== 'nothing' && action !== 'skip';
  if (terminal.isQuiet) {
    for (const step of steps) if (isDone(step)) terminal.print(plain(step.instance ?? ''));
  } else for (const step of steps) if (step.error === null) terminal.print(plain(lineOf(step, isDryRun)));
  for (const { model, action, error, warnings, unused } of steps) {
    if (error !== null) terminal.warn(plain(action === 'skip' ? `skipped: ${error}` : `${model} failed: ${error}`));
    for (const warning of warnings) terminal.note(plain(`warning: ${model}: ${warning}`));
    if (unused.length > 0) terminal.note(plain(`${model}: parameters that are not used: ${unused.join(', ')}`));
  }
  const behind = steps.filter(({ needsRestart }) => needsRestart).map(({ instance }) => instance);
  if (behind.length > 0) terminal.note(`to apply the changes: llamactl restart ${behind.join(' ')}`);
  const outdated = steps.filter((step) => step.outdated !== null);
  if (outdated.length > 0) {
    const models = [...new Set(outdated.map(({ model }) => shellQuoted(model)))].join(' ');
    terminal.note(plain(`for the files that Ollama has now: llamactl import ollama ${models} --update`));
  }
  const differing = steps.filter(({ differs }) => differs).map(({ model }) => shellQuoted(model));
  if (differing.length > 0) {
    const command = `llamactl import ollama ${differing.join(' ')} --update --dry-run`;
    terminal.note(plain(`to see which settings differ from those in Ollama: ${command}`));
  }
  const first = steps.find(({ action, error }) => action === 'create' && error === null);
  if (first !== undefined && !isDryRun)
    terminal.note(`each starts at its first request; to chat with one: llamactl run ${first.instance}`);
}

function lineOf(step: ImportStep, isDryRun: boolean): string {
  const { action, instance, model, settings, outdated, differs } = step;
  const and = settings.length === 0 ? '' : `, with ${settings.join(', ')}`;
  switch (action) {
    case 'create':
      return `${instance}  ${isDryRun ? 'would be created' : 'created'} for ${model}${and}`;
    case 'update':
      return `${instance}  ${isDryRun ? 'would be updated' : 'updated'} from ${model}${and}${replacedText(step)}`;
    case 'file':
      return `${instance}  ${isDryRun ? 'would get' : 'got'} the new file of ${model}; its settings stay`;
    case 'nothing':
      return `${instance}  exists already for ${model}${outdated === null ? '' : OUTDATED[outdated]}${differs ? '; its settings differ' : ''}`;
    case 'skip':
      return `${model}  skipped`;
  }
}

const OUTDATED = { gone: '; its file is gone', newer: '; Ollama has a newer version' } as const;

const EXAMPLES = `
Each model of Ollama becomes an instance with its names as aliases, and with the
system prompt, parameters and adapter that Ollama has for it. The files stay in
Ollama's folder. llamactl models lists the models.

--update is for models that ollama pull or ollama create changed. The instance
with the name of the model gets its file, its system prompt and its parameters.
A system prompt and parameters of requests that Ollama has no more are removed,
also if you set them yourself. Options of the engine, such as ctx_size, change
if the model has them in Ollama, and stay otherwise. All other settings stay.
Further instances of the model get only its file.

go-llamactl is the Go program of the same name. Its instances are in llamactl.db
of its data directory, in JSON files, or the answer of its GET
/api/v1/instances. Of its config.yaml, the lines for the configuration file of
llamactl are printed; this needs no server.

A configuration of llama-swap is read by the server; its models become instances
of llama-server, or of a custom engine of the configuration. \${env.NAME} in the
file is replaced from your environment.

Both name each setting without a counterpart, and print lines for the
configuration file of llamactl. A second import names what differs from
instances that exist, and instances of earlier imports that the source lacks;
--update makes the changes. Settings that the source lacks stay, and are named
with the command that removes them; --exact removes them, also those that you
set yourself. --update moves an alias that the file of llama-swap gives to
another of its models. Settings without a counterpart that an earlier import
of this file named are then only counted; --verbose names them again.

Examples:
  llamactl import ollama --dry-run
  llamactl import ollama
  llamactl import ollama qwen3:8b llama3.2
  llamactl import ollama qwen3:8b --update     after ollama pull
  llamactl import go-llamactl ~/go-llamactl-data --dry-run
  llamactl import go-llamactl go-instances.json --only chat --update
  llamactl import llama-swap config.yaml --dry-run
  llamactl import llama-swap config.yaml --only qwen3-8b embed
  llamactl import llama-swap config.yaml --update   after a change of the file
  llamactl import llama-swap config.yaml --exact    removes the rest, too

Exit status 1: a step failed, or a model of llama-swap uses a macro or variable
without a value; the others were done.`;
