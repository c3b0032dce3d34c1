import type { Instance, ModelDetails } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { pageLines } from '../instances/instance-page.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { pinnedGroups } from '../instances/pinned-groups.ts';
import { plain } from '../screen/text.ts';

/** Each prints only a part of the instance, as `ollama show` does of a model. */
interface ShowFlags {
  modelfile?: boolean;
  parameters?: boolean;
  system?: boolean;
  template?: boolean;
  license?: boolean;
}

export function showCommand(commandLine: CommandLine): Command {
  return new Command('show')
    .description('Show everything about an instance: its state, its settings, and the command of its engine.')
    .argument('<name>', 'Instance')
    .option('--modelfile', 'Print it as a Modelfile of Ollama')
    .option('--parameters', 'Print only its parameters, as in a Modelfile')
    .option('--system', 'Print only its system prompt')
    .option('--template', 'Print only the chat template of its model')
    .option('--license', 'Print only the license of its model')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<ShowFlags>(async (session, { words: [name = ''], flags }) => {
        const { client, terminal, signal, now } = session;
        const instance = await client.getInstance(name, { signal }).catch(async (error: unknown) => {
          throw await nearInstance(session, name, error);
        });
        const part = await partOf(session, instance, flags);
        if (part !== null && terminal.isJson) terminal.printJson(part);
        else if (part !== null) terminal.print(plain(part, 'many lines'));
        else if (terminal.isJson) terminal.printJson(instance, OPTIONAL);
        else if (terminal.isQuiet) terminal.print(terminal.isNames ? plain(instance.name) : instance.status);
        else {
          const obstacle = await obstacleOf(session, instance);
          const groups = await pinnedGroups(client, [instance], signal);
          const isGroupPinned = instance.group !== undefined && groups.has(instance.group);
          for (const line of pageLines(instance, terminal, now(), { obstacle, isGroupPinned })) terminal.print(line);
        }
      }),
    );
}

/** Why a start would be refused, such as for a missing file, also the next one of a running instance. `null`: no reason is known. */
async function obstacleOf({ client, signal }: Session, { name, status }: Instance): Promise<string | null> {
  if (status !== 'stopped' && status !== 'failed' && status !== 'running') return null;
  const { LlamactlError } = await import('@llamactl/client');
  try {
    return (await client.getInstanceHealth(name, { signal })).start_obstacle?.message ?? null;
  } catch (error) {
    if (error instanceof LlamactlError) return null;
    throw error;
  }
}

/** The part of an instance that a flag names; `null`: none does. @throws {Problem} when the instance has no such part */
async function partOf(session: Session, instance: Instance, flags: ShowFlags): Promise<string | null> {
  const { name, system_prompt: prompt, options } = instance;
  if (flags.modelfile === true || flags.parameters === true) {
    const { parametersOf } = await import('../modelfile/modelfile-of.ts');
    const lines = flags.modelfile === true ? await modelfile(session, instance) : parametersOf(instance);
    return lines?.join('\n') ?? (await missing(`${name} has no model file, which a Modelfile needs`));
  }
  if (flags.system === true) return prompt ?? missing(`${name} has no system prompt`);
  if (flags.template === true) {
    const { chat_template: own } = options;
    if (typeof own === 'string') return own;
    return (await modelOf(session, instance))?.chat_template ?? missing(`the model of ${name} has no chat template`);
  }
  if (flags.license !== true) return null;
  const { metadata = {}, license } = (await modelOf(session, instance)) ?? {};
  if (license !== undefined) return license.trimEnd();
  const lines = Object.entries(metadata).filter(([key]) => key.startsWith('general.license'));
  if (lines.length === 0) return missing(`the model of ${name} names no license`);
  return lines.map(([, value]) => String(value)).join('\n');
}

/** The instance as a Modelfile. `null`: it has no model file. */
async function modelfile({ client, signal }: Session, instance: Instance): Promise<string[] | null> {
  const { modelfileOf } = await import('../modelfile/modelfile-of.ts');
  const { model_info: info, model: called, model_path: file = '', ...rest } = instance;
  const { isOllamaBlob } = await import('@llamactl/contract/ollama-options');
  if (info === null || called === undefined || !isOllamaBlob(file)) return modelfileOf(instance, null);
  const { modelsCalled } = await import('@llamactl/contract/model-names');
  const { id, name } = info;
  // Ollama may have deleted the model, and have another one with its file.
  const isSame = modelsCalled(called, [{ id, name, ref: `ollama:${name}`, path: file }]).length > 0;
  if (!isSame) return modelfileOf({ ...rest, model_path: file }, null);
  const { ollamaSettings } = await import('../chat/ollama-settings.ts');
  return modelfileOf(instance, (await ollamaSettings(client, id, signal)).settings);
}

async function modelOf({ client, signal }: Session, { model_info: info }: Instance): Promise<ModelDetails | null> {
  return info === null ? null : client.getModel(info.id, { signal });
}

async function missing(message: string): Promise<never> {
  const [{ Problem }, { EXIT }] = await Promise.all([import('../problem.ts'), import('../exit-status.ts')]);
  throw new Problem(message, EXIT.notFound);
}

const OPTIONAL = [
  'model',
  'model_path',
  'command',
  'health_path',
  'group',
  'concurrency',
  'upstream_model',
] satisfies (keyof Instance)[];

const EXAMPLES = `
Examples:
  llamactl show llama
  llamactl show llama -q             only the status
  llamactl show llama -o yaml
  llamactl show llama --modelfile
  llamactl show llama --json | jq .effective_command`;
