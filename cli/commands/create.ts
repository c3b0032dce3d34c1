import type { CreateInstance, InstanceCreated } from '@llamactl/client';
import { eachStatus } from '../instances/many.ts';
import { Command } from 'commander';
import { existsSync } from 'node:fs';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { carriedOut, waitsByDefault } from '../instances/lifecycle.ts';
import { withSettingFlags, type SettingFlags } from '../instances/setting-flags.ts';
import { noteModel, saidSettings } from '../instances/setting-words.ts';
import { portWarnings } from '../instances/port-warnings.ts';
import { waysForName } from '../instances/other-names.ts';
import { printWarnings } from '../instances/warnings.ts';
import { Problem } from '../problem.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { plain } from '../screen/text.ts';

interface CreateFlags extends SettingFlags {
  start?: boolean;
  wait?: boolean;
}

export function createCommand(commandLine: CommandLine): Command {
  const command = new Command('create')
    .description('Create an instance. It is not started unless you add --start.')
    .argument('[name]', 'Name; may be in --file instead');
  return withSettingFlags(command)
    .option('--start', 'Start it as well')
    .option('--wait', 'With --start: wait until it runs (default on a terminal)')
    .option('--no-wait', 'Do not wait')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<CreateFlags>(async (session, invocation) => {
        const { terminal } = session;
        const { start, wait = waitsByDefault(session) } = invocation.flags;
        const said = await saidSettings(commandLine, session, invocation, { takesCommand: true });
        const { name, settings } = said;
        assertValues(invocation.flags);
        const created = await create(session, { ...(settings as CreateInstance), name }, invocation.flags.file);
        noteModel(session, said);
        if (!terminal.isJson && !terminal.isQuiet) await noteCompanions(terminal, created, settings as CreateInstance);
        if (start !== true) {
          const ofPort = invocation.flags.port === undefined ? [] : await portWarnings(session, created.instance);
          printWarnings(terminal, [...(created.warnings ?? []), ...ofPort]);
          if (terminal.isJson) terminal.printJson(created);
          else terminal.print(terminal.isQuiet ? name : `${name}  created, port ${created.instance.port}`);
          return;
        }
        if (!terminal.isJson) terminal.note(`${name}  created, port ${created.instance.port}`);
        await startCreated(commandLine, session, created, wait);
      }),
    );
}

/** Names the files beside the model that its launch uses too. */
async function noteCompanions(
  terminal: Session['terminal'],
  { instance }: InstanceCreated,
  settings: Pick<CreateInstance, 'options' | 'extra_args'>,
): Promise<void> {
  const { companionText, launchedCompanions } = await import('../instances/launched-companions.ts');
  for (const companion of launchedCompanions(instance, settings)) {
    const remedy = companion.kind === 'projector' ? '; -o mmproj=false leaves it out' : '';
    terminal.note(`${companionText(companion)}${remedy}`);
  }
}

/** @throws {Problem} for an option without a value: that unsets an option, which only an update can do */
function assertValues({ option = [], requestDefault = [] }: SettingFlags): void {
  const flags = [...option.map((text) => `-o ${text}`), ...requestDefault.map((text) => `--request-default ${text}`)];
  const flag = flags.find((each) => /^[^=]*=$/.test(each));
  if (flag !== undefined) throw new Problem(`${flag}: give a value, or leave the option out`, EXIT.usage);
}

/** @param file The file of `--file`. */
async function create(
  { client, signal }: Session,
  body: CreateInstance,
  file: string | undefined,
): Promise<InstanceCreated> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    return await client.createInstance(body, { signal });
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    const { problems, message, code } = error;
    const [only] = problems.length === 1 ? problems : [];
    if (only?.path === 'model_path' && only.message.startsWith('is required') && body.engine === undefined) {
      const isHere = existsSync('Modelfile');
      const ways = isHere ? [`to use the Modelfile of this folder: llamactl create ${body.name} -f Modelfile`] : [];
      throw new Problem('Which model? Add --model FILE (or -m FILE).', EXIT.usage, ways);
    }
    const { name } = body;
    const source = file === undefined ? '--model FILE' : `--file ${shellQuoted(file)}`;
    const ways =
      code === 'INSTANCE_EXISTS'
        ? [`to change it: llamactl update ${name} ${source}; to delete it: llamactl rm ${name}`]
        : waysForName(error, name, { verb: 'create', rest: ` ${source}` });
    throw ways.length === 0 ? error : new Problem(message, EXIT.failed, ways, code);
  }
}

/** Starts the new instance. If the start fails, the message says that the instance exists. */
async function startCreated(
  commandLine: CommandLine,
  session: Session,
  created: InstanceCreated,
  waits: boolean,
): Promise<void> {
  const { client, terminal, signal } = session;
  const { warnings = [] } = created;
  const { name } = created.instance;
  const begin = eachStatus((each) => client.startInstance(each, { signal }));
  const command = { names: [name], goal: 'running', begin, waits } as const;
  try {
    const results = await carriedOut(commandLine, session, command);
    printWarnings(terminal, warnings);
    if (results.some(({ error }) => error !== undefined)) terminal.note(stays(name));
  } catch (error) {
    if (terminal.isJson) throw error;
    const { failureOf } = await import('../failure.ts');
    const { status, lines: said } = failureOf(error, session.address.token !== null);
    const lines = said.filter((line) => !stays(name).includes(line));
    // A start usually fails for the reason that the warning gives. Do not print it twice.
    printWarnings(
      terminal,
      warnings.filter((warning) => lines[0]?.includes(plain(warning)) !== true),
    );
    for (const [index, line] of lines.entries()) terminal.warn(`${index === 0 ? 'llamactl: ' : '  '}${line}`);
    terminal.note(`  ${stays(name)}`);
    commandLine.endWith(status);
  } finally {
    if (terminal.isJson) terminal.printJson({ ...created, instance: await client.getInstance(name, { signal }) });
  }
}

function stays(name: string): string {
  return `the instance ${name} stays; for help: llamactl why ${name}; to delete it: llamactl rm ${name}`;
}

const EXAMPLES = `
A whole command line after --, of llama-server or docker run, becomes settings.
The output names these settings, and the parts that were dropped. Flags override
the settings. Without NAME the instance is named after its model.

Examples:
  llamactl create llama --model ~/models/llama.gguf --start
  llamactl create qwen -m qwen.gguf -o n_gpu_layers=99 --alias gpt-4o
  llamactl create brief -m qwen.gguf --system-prompt 'Be brief.'
  llamactl create calm -m qwen.gguf --request-default temperature=0.2
  llamactl create coder -f Modelfile         of Ollama
  llamactl create embed -m nomic.gguf -o embeddings=true -- --pooling mean
  llamactl create chat -- llama-server -m chat.gguf -c 8192 --port 8080
  llamactl create tts --engine custom --engine-command 'tts --port \${PORT}'`;
