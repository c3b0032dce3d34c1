import type { CreateInstance, UpdateInstance } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { merged } from '../instances/instance-settings.ts';
import { waysForName } from '../instances/other-names.ts';
import { portWarnings } from '../instances/port-warnings.ts';
import { withSettingFlags, type SettingFlags } from '../instances/setting-flags.ts';
import { noteModel, saidSettings } from '../instances/setting-words.ts';
import { storedEntry } from '../instances/stored-entry.ts';
import { printWarnings } from '../instances/warnings.ts';
import { Problem } from '../problem.ts';
import { shellQuoted } from '../../format/shell-words.ts';

export function cpCommand(commandLine: CommandLine): Command {
  const command = new Command('cp')
    .description(
      'Create an instance with the settings of another. Its aliases are not copied, and it gets a port of its own.',
    )
    .argument('<name>', 'Instance to copy')
    .argument('<new-name>', 'Name of the copy');
  return withSettingFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<SettingFlags>(async (session, invocation) => {
        const { client, terminal, signal } = session;
        const { words, flags } = invocation;
        const said = await saidSettings(commandLine, session, { ...invocation, words: words.slice(1) });
        const { name, settings } = said;
        const { name: _, aliases: _aliases, port: _port, ...copied } = await storedEntry(session, words[0] ?? '');
        const body = { ...withoutNulls(merged(copied, settings)), name };
        const created = await client.createInstance(body, { signal }).catch(async (error: unknown) => {
          throw (await invalidName(error, words[0] ?? '', name)) ?? error;
        });
        noteModel(session, said);
        const ofPort = flags.port === undefined ? [] : await portWarnings(session, created.instance);
        printWarnings(terminal, [...(created.warnings ?? []), ...ofPort]);
        if (terminal.isJson) terminal.printJson(created);
        else terminal.print(terminal.isQuiet ? name : `${name}  created, port ${created.instance.port}`);
      }),
    );
}

/** The error for a copy whose name is invalid, with a valid one. `null`: another error. */
async function invalidName(refusal: unknown, original: string, name: string): Promise<Problem | null> {
  const { LlamactlError } = await import('@llamactl/client');
  if (!(refusal instanceof LlamactlError)) return null;
  const { message, code } = refusal;
  const ways = waysForName(refusal, name, { verb: `cp ${shellQuoted(original)}`, rest: '' });
  return ways.length === 0 ? null : new Problem(message, EXIT.failed, ways, code);
}

/** The settings of the copy. A `null`, for example from `-o threads=`, removes a copied setting. */
function withoutNulls(settings: UpdateInstance): Omit<CreateInstance, 'name'> {
  const { options, environment, request_defaults, ...others } = settings;
  const given = (values: object): object =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
  return given({
    ...others,
    ...(options && { options: given(options) }),
    ...(environment && { environment: given(environment) }),
    ...(request_defaults && { request_defaults: given(request_defaults) }),
  });
}

const EXAMPLES = `
Examples:
  llamactl cp llama llama-long -o ctx_size=32768
  llamactl cp llama llama-2 --model ~/models/other.gguf -o threads=

The copy is not started. It includes the values of environment.`;
