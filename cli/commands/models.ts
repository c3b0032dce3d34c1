import type { Model, ModelDetails } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { downloadsCommand } from '../downloads/downloads-command.ts';
import { verifyCommand } from '../downloads/verify-command.ts';
import { EXIT } from '../exit-status.ts';
import { quantsCommand, searchCommand } from '../instances/hub-models.ts';
import { modelsNamed, noModel } from '../instances/named-models.ts';
import { modelCalled, scannedModels, severalModels } from '../instances/server-models.ts';
import { Problem } from '../problem.ts';
import { bytes, contextText, parametersText } from '../../format/figures.ts';
import type { Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';

const COLUMNS: Column[] = [
  { title: 'MODEL', gives: 2, least: 16 },
  { title: 'QUANT' },
  { title: 'SIZE', align: 'right' },
  { title: 'CONTEXT', align: 'right' },
  { title: 'FOR', gives: 3, least: 4 },
  { title: 'USED BY', gives: 4, least: 7 },
  { title: 'FROM', gives: 1, least: 4 },
];

export function modelsCommand(commandLine: CommandLine): Command {
  return listing(new Command('models'), commandLine)
    .description('List the model files of the server, explain one, search the hub, or follow downloads.')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl models\n  llamactl models qwen q4\n  llamactl models show qwen3-8b-q4_k_m\n  llamactl models search qwen3 8b',
    )
    .addCommand(lsCommand(commandLine))
    .addCommand(showCommand(commandLine))
    .addCommand(searchCommand(commandLine))
    .addCommand(quantsCommand(commandLine))
    .addCommand(downloadsCommand(commandLine))
    .addCommand(verifyCommand(commandLine))
    .addCommand(rmCommand(commandLine));
}

function lsCommand(commandLine: CommandLine): Command {
  return listing(new Command('ls').alias('list'), commandLine)
    .description('List the models in models.dirs and in the folders of other programs.')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl models ls\n  llamactl models ls qwen q4\n  llamactl models ls --json',
    );
}

/** Makes a command list models, with or without words. */
function listing(command: Command, commandLine: CommandLine): Command {
  return command.argument('[word...]', 'Only models with all these words in their name, reference or path').action(
    commandLine.online((session, { words }) => {
      const verbs = command.commands.flatMap((each) => [each.name(), ...each.aliases()]);
      return list(session, { words, verbs });
    }),
  );
}

/** Verbs of other programs for models, with the way to do it here. */
const OTHER_VERBS: Readonly<Record<string, string>> = {
  pull: 'to download a model: llamactl pull REFERENCE',
  download: 'to download a model: llamactl pull REFERENCE',
  delete: 'to delete a model that llamactl downloaded: llamactl models rm MODEL',
  remove: 'to delete a model that llamactl downloaded: llamactl models rm MODEL',
};

/** @param asked.verbs Verbs that the first word may have meant. */
async function list(
  { client, terminal, signal }: Session,
  { words, verbs }: { words: readonly string[]; verbs: readonly string[] },
): Promise<void> {
  const [verb = '', ...others] = words;
  const advice = Object.hasOwn(OTHER_VERBS, verb) ? OTHER_VERBS[verb] : undefined;
  if (advice !== undefined && others.length > 0) throw new Problem(advice, EXIT.usage);
  const { models, scanning, problems } = await scannedModels(client, signal);
  const found = models.filter((model) => hasWords(model, words));
  if (!models.some((model) => hasWords(model, [verb]))) await refuseMistypedVerb(verb, verbs);
  if (terminal.isJson) return terminal.printJson(found);
  if (terminal.isQuiet) return found.forEach(({ path }) => terminal.print(plain(path)));
  if (found.length > 0) terminal.printTable(COLUMNS, found.map(rowOf));
  else terminal.note(words.length > 0 ? 'no model has these words' : NONE);
  if (scanning) terminal.note('the server still scans its folders; the list may lack models');
  for (const problem of problems) terminal.note(plain(`warning: ${problem}`));
  const ofOllama = found.filter(({ source, problems }) => source === 'ollama' && problems.length === 0);
  if (ofOllama.length > 0 && ofOllama.every(({ used_by: users }) => users.length === 0) && words.length === 0)
    terminal.note('to make instances of the models of Ollama: llamactl import ollama');
  const broken = found.filter(({ problems }) => problems.length > 0);
  for (const { problems } of broken) terminal.note(plain(`warning: ${problems.join('; ')}`));
}

/** @throws {Problem} when a word that is in no model resembles a verb: `models serach qwen` */
async function refuseMistypedVerb(word: string, verbs: readonly string[]): Promise<void> {
  const { suggestion } = await import('@llamactl/server/suggestion');
  const meant = suggestion(word, verbs);
  if (meant === null) return;
  throw new Problem(`no model has the word ${word}; did you mean llamactl models ${meant}?`, EXIT.usage);
}

const NONE =
  'no models: llamactl pull REFERENCE gets one; or put .gguf files into ~/models, or add your folder to models.dirs';

function showCommand(commandLine: CommandLine): Command {
  return new Command('show')
    .description('Show everything about a model: its files, metadata and users.')
    .argument('<model>', 'ID, reference, name or path')
    .option('--template', 'Print only the chat template')
    .option('--metadata', 'Also print the metadata of the file')
    .addHelpText(
      'after',
      '\nExamples:\n  llamactl models show qwen3-8b-q4_k_m\n  llamactl models show qwen3-8b-q4_k_m --metadata\n  llamactl models show qwen3-8b-q4_k_m --template',
    )
    .action(
      commandLine.online<{ template?: boolean; metadata?: boolean }>(async (session, { words: [word = ''], flags }) => {
        const { client, terminal, signal } = session;
        const { id } = await modelOf(session, word);
        const model = await client.getModel(id, { signal });
        if (terminal.isJson) return terminal.printJson(model);
        if (terminal.isQuiet) return terminal.print(plain(model.path));
        if (flags.template === true) {
          if (model.chat_template === null)
            throw new Problem(`${plain(model.name)} has no chat template`, EXIT.notFound);
          return terminal.print(plain(model.chat_template, 'many lines'));
        }
        for (const line of pageOf(model, flags.metadata === true)) terminal.print(line);
      }),
    );
}

function rmCommand(commandLine: CommandLine): Command {
  return new Command('rm')
    .description('Delete models that llamactl downloaded. Files of other programs, and models in use, stay.')
    .argument('<models...>', 'IDs, references, names or paths')
    .addHelpText('after', '\nExamples:\n  llamactl models rm Qwen/Qwen3-4B-GGUF:Q4_K_M')
    .action(
      commandLine.online(async ({ client, terminal, signal }, { words }) => {
        const { models } = await scannedModels(client, signal);
        const named = await modelsNamed(words, models);
        const { removeEach } = await import('../access/removal.ts');
        commandLine.endWith(
          await removeEach(
            terminal,
            named.map(({ id, ref, name, path }) => ({
              name: plain(ref ?? name),
              gone: { line: `${plain(ref ?? name)}  deleted`, quiet: plain(path), json: { id, path, deleted: true } },
              remove: () => client.deleteModel(id, { signal }),
            })),
          ),
        );
      }),
    );
}

/** Finds one model by what people call it. @throws {Problem} when none has the name, or several do */
async function modelOf({ client, signal }: Session, word: string): Promise<Model> {
  const { models } = await client.listModels({ signal });
  const exact = modelCalled(word, models);
  if (exact !== null) return exact;
  const [first, ...others] = models.filter((model) => hasWords(model, [word]));
  if (first === undefined) throw await noModel(word, models);
  if (others.length > 0) throw severalModels(word, [first, ...others]);
  return first;
}

function hasWords({ name, ref, path, architecture, quantization }: Model, words: readonly string[]): boolean {
  const text = [name, ref, path, architecture, quantization].join(' ').toLowerCase();
  return words.every((word) => text.includes(word.toLowerCase()));
}

function rowOf(model: Model): string[] {
  const { name, quantization, size, context, capabilities, used_by: users, source, problems } = model;
  return [
    plain(problems.length > 0 ? `${name} (damaged)` : name),
    plain(quantization ?? '-'),
    bytes(size),
    context === null ? '-' : contextText(context),
    capabilities.join(', ') || '-',
    users.map((user) => plain(user)).join(', ') || '-',
    source.replaceAll('_', ' '),
  ];
}

/** `temperature  0.2`. */
function valuesOf(values: ModelDetails['request_defaults']): string[] {
  return Object.entries(values).map(([name, value]) => `${name}  ${JSON.stringify(value)}`);
}

function pageOf(model: ModelDetails, withMetadata: boolean): string[] {
  const { architecture, parameters, quantization, context, capabilities, files, companions, metadata } = model;
  const facts: [label: string, values: string[]][] = [
    ['id', [model.id]],
    ['reference', model.ref === null ? [] : [model.ref]],
    ['path', files.length > 1 ? files.map((file) => `${file.path}  ${bytes(file.size)}`) : [model.path]],
    ['companions', companions.map(({ kind, path, size }) => `${path}  ${kind}, ${bytes(size)}`)],
    [
      'model',
      [
        [
          architecture ?? 'unknown architecture',
          ...(parameters === null ? [] : [`${parametersText(parameters)} parameters`]),
          ...(quantization === null ? [] : [quantization]),
          bytes(model.size),
        ].join(', '),
      ],
    ],
    ['context', context === null ? [] : [`${context} tokens`]],
    ['for', capabilities.length === 0 ? [] : [capabilities.join(', ')]],
    ['used by', model.used_by],
    ['system prompt', model.system_prompt?.split('\n') ?? []],
    ['request defaults', valuesOf(model.request_defaults)],
    ['parameters', valuesOf(model.other_parameters)],
    ['problems', model.problems],
    ['metadata', withMetadata ? Object.entries(metadata).map(([key, value]) => `${key}  ${String(value)}`) : []],
  ];
  const width = Math.max(...facts.map(([label]) => label.length));
  return [
    plain(model.name),
    ...facts.flatMap(([label, values]) =>
      values.map((value, index) => `${(index === 0 ? label : '').padEnd(width)}  ${plain(value)}`),
    ),
  ];
}
