import type { CreateInstance } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { carriedOut, carryOut, waitsByDefault } from '../instances/lifecycle.ts';
import { oneByOne } from '../instances/one-by-one.ts';
import { withSettingFlags, type SettingFlags } from '../instances/setting-flags.ts';
import { saidSettings } from '../instances/setting-words.ts';
import { plain } from '../screen/text.ts';

interface CreateFlags extends SettingFlags {
  start?: boolean;
  wait?: boolean;
}

export function createCommand(commandLine: CommandLine): Command {
  const command = new Command('create')
    .description('Create an instance, without starting it.')
    .argument('[name]', 'Name; may be in --file instead');
  return withSettingFlags(command)
    .option('--start', 'Start it as well')
    .option('--wait', 'With --start: wait until it runs (default on a terminal)')
    .option('--no-wait', 'Do not wait')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<CreateFlags>(async (session, invocation) => {
        const { client, terminal, signal } = session;
        const { start, wait = waitsByDefault(session) } = invocation.flags;
        const { name, settings } = await saidSettings(commandLine, session, invocation);
        const created = await client.createInstance({ ...(settings as CreateInstance), name }, { signal });
        for (const warning of created.warnings ?? []) terminal.warn(`llamactl: ${plain(warning)}`);
        if (start !== true) {
          if (terminal.isJson) terminal.printJson(created);
          else terminal.print(terminal.isQuiet ? name : `${name}  created, port ${created.instance.port}`);
          return;
        }
        if (!terminal.isJson) terminal.note(`${name}  created, port ${created.instance.port}`);
        const begin = oneByOne(session, (each, call) => client.startInstance(each, call));
        const command = { names: [name], goal: 'running', begin, waits: wait } as const;
        if (!terminal.isJson) return carryOut(commandLine, session, command);
        try {
          await carriedOut(commandLine, session, command);
        } finally {
          // The instance exists even if its start failed, so print the API response with its current state.
          terminal.printJson({ ...created, instance: await client.getInstance(name, { signal }) });
        }
      }),
    );
}

const EXAMPLES = `
Examples:
  llamactl create llama --model ~/models/llama.gguf --start
  llamactl create qwen -m qwen.gguf -o ctx_size=8192 -o n_gpu_layers=99 --alias gpt-4o
  llamactl create embed -m nomic.gguf -o embeddings=true --unlisted -- --pooling mean
  llamactl create tts --engine custom --engine-command 'tts-server --port \${PORT}'`;
