import type { Instance, ModelDetails } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import type { OfModel } from '../modelfile/modelfile-of.ts';
import { pageLines } from '../instances/instance-page.ts';
import { nearInstance } from '../instances/near-instance.ts';
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
        else for (const line of pageLines(instance, terminal, now())) terminal.print(line);
      }),
    );
}

/** The part of an instance that a flag names; `null`: none does. @throws {Problem} when the instance has no such part */
async function partOf(session: Session, instance: Instance, flags: ShowFlags): Promise<string | null> {
  const { name, system_prompt: prompt, options } = instance;
  if (flags.modelfile === true || flags.parameters === true) {
    const { modelfileOf, parametersOf } = await import('../modelfile/modelfile-of.ts');
    const lines =
      flags.modelfile === true
        ? modelfileOf(instance, await ofModelInOllama(session, instance))
        : parametersOf(instance);
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

/** The settings that Ollama has for the model; `null`: it is no model of Ollama. */
async function ofModelInOllama({ client, signal }: Session, instance: Instance): Promise<OfModel | null> {
  const { model_info: info, model_path: file = '' } = instance;
  if (info === null) return null;
  const [{ isOllamaBlob }, { ollamaSettings }] = await Promise.all([
    import('@llamactl/contract/ollama-options'),
    import('../chat/ollama-settings.ts'),
  ]);
  return isOllamaBlob(file) ? (await ollamaSettings(client, info.id, signal)).settings : null;
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
