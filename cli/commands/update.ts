import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { merged, unset } from '../instances/instance-settings.ts';
import { waitsByDefault } from '../instances/lifecycle.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { Problem } from '../problem.ts';
import { collect, withSettingFlags, type SettingFlags } from '../instances/setting-flags.ts';
import { saidSettings } from '../instances/setting-words.ts';
import { portWarnings } from '../instances/port-warnings.ts';
import { reportUpdate } from '../instances/update-report.ts';

interface UpdateFlags extends SettingFlags {
  unset?: string[];
  restart?: boolean;
  wait?: boolean;
}

export function updateCommand(commandLine: CommandLine): Command {
  const command = new Command('update')
    .description('Change settings of an instance. Other settings stay; lists are replaced.')
    .argument('[name]', 'Instance; may be in --file instead');
  return withSettingFlags(command)
    .option(
      '-u, --unset <key>',
      'Reset to the default: options.threads (or -o threads=), request_defaults.seed, environment.X, port, …; repeatable',
      collect,
    )
    .option('--restart', 'Restart it now if it runs')
    .option('--wait', 'With --restart: wait until it runs again (default on a terminal)')
    .option('--no-wait', 'Do not wait')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<UpdateFlags>(async (session, invocation) => {
        const { client, signal } = session;
        const { restart = false, wait = waitsByDefault(session), unset: keys = [] } = invocation.flags;
        const { name, settings } = await saidSettings(commandLine, session, invocation);
        const patch = merged(unset(keys), settings);
        if (Object.keys(patch).length === 0) throw new Problem('nothing to change: give a setting', EXIT.usage, [HINT]);
        const updated = await client
          .updateInstance(name, patch, { signal, ...(restart && { apply: 'restart' }) })
          .catch(async (error: unknown) => {
            throw await nearInstance(session, name, error);
          });
        const ofPort = invocation.flags.port === undefined ? [] : await portWarnings(session, updated.instance);
        await reportUpdate(commandLine, session, updated, { restart, wait, warnings: ofPort });
      }),
    );
}

const HINT = 'such as -o ctx_size=8192, --port 8101 or --unset options.threads';

const EXAMPLES = `
Examples:
  llamactl update llama -o ctx_size=16384 --restart
  llamactl update llama --unset options.threads --unset environment.HF_HOME
  llamactl update llama --alias gpt-4o --alias gpt-4o-mini
  echo '{"options": {"threads": 8}}' | llamactl update llama --file -`;
