import type { Instance, UpdateInstance } from '@llamactl/client';
import { Command } from 'commander';
import { isDeepStrictEqual } from 'node:util';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { merged, unset } from '../instances/instance-settings.ts';
import { waitsByDefault } from '../instances/lifecycle.ts';
import type { Replacement } from '../instances/ollama-replacement.ts';
import { nearInstance } from '../instances/near-instance.ts';
import { Problem } from '../problem.ts';
import { collect, withSettingFlags, type SettingFlags } from '../instances/setting-flags.ts';
import { noteModel, saidSettings } from '../instances/setting-words.ts';
import { portWarnings } from '../instances/port-warnings.ts';
import { assertSet, removedSettings } from '../instances/unset-settings.ts';
import { reportUpdate } from '../instances/update-report.ts';
import { plain } from '../screen/text.ts';

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
        const said = await saidSettings(commandLine, session, invocation);
        const { name, settings, isComplete } = said;
        const removed = removedSettings(keys, invocation.flags);
        const before = isComplete || removed !== null ? await presentInstance(session, name) : null;
        if (before !== null && removed !== null) await assertSet(session, before, removed);
        const replaced = before === null || !isComplete ? null : await replacedByModelfile(session, before, settings);
        const patch = merged(unset(keys), replaced?.patch ?? settings);
        if (Object.keys(patch).length === 0) throw new Problem('nothing to change: give a setting', EXIT.usage, [HINT]);
        const updated = await client
          .updateInstance(name, patch, { signal, ...(restart && { apply: 'restart' }) })
          .catch(async (error: unknown) => {
            throw (await optionMeant(error, keys)) ?? (await nearInstance(session, name, error));
          });
        noteModel(session, said);
        const ofPort = invocation.flags.port === undefined ? [] : await portWarnings(session, updated.instance);
        const isSame = before !== null && replaced?.isSame === true && isUnchanged(before, updated.instance, patch);
        await reportUpdate(commandLine, session, updated, { restart, wait, warnings: ofPort, isSame });
      }),
    );
}

async function presentInstance(session: Session, name: string): Promise<Instance> {
  const { client, signal } = session;
  return client.getInstance(name, { signal }).catch(async (error: unknown) => {
    throw await nearInstance(session, name, error);
  });
}

/** As in Ollama, a Modelfile is the whole of what it can say: the instance loses what the file lacks. */
async function replacedByModelfile(
  { terminal }: Session,
  before: Instance,
  settings: UpdateInstance,
): Promise<Replacement> {
  const { replacedText, replacement } = await import('../instances/ollama-replacement.ts');
  const replaced = replacement(before, settings, 'modelfile');
  const text = replacedText(replaced);
  if (text !== '') terminal.note(plain(`from the Modelfile${text}`));
  return replaced;
}

/** Whether an update left all settings that it names as they were, and the file of the model. */
function isUnchanged(before: Instance, after: Instance, patch: UpdateInstance): boolean {
  const values = (instance: Instance): unknown[] => {
    const fields = new Map<string, unknown>(Object.entries(instance));
    return [...Object.keys(patch), 'model', 'model_path'].map((key) => fields.get(key));
  };
  return isDeepStrictEqual(values(before), values(after));
}

/** The error if a key of `--unset` is no setting but an option of the engine. `null`: another error. */
async function optionMeant(refusal: unknown, keys: readonly string[]): Promise<Problem | null> {
  const [{ LlamactlError }, { engineOptionOf }] = await Promise.all([
    import('@llamactl/client'),
    import('../llama-server-flags.ts'),
  ]);
  if (!(refusal instanceof LlamactlError)) return null;
  const unknown = new Set(refusal.problems.map(({ path }) => path));
  const meant = keys.flatMap((key) => {
    const option = unknown.has(key.replaceAll('-', '_')) ? engineOptionOf(key) : null;
    return option === null ? [] : [`did you mean --unset options.${option}?`];
  });
  return meant.length === 0 ? null : new Problem(refusal.message, EXIT.failed, meant, refusal.code);
}

const HINT = 'such as -o ctx_size=8192, --port 8101 or --unset options.threads';

const EXAMPLES = `
A Modelfile replaces all that it can say: model, system prompt, parameters and
adapters, with those of the model in FROM. Parameters that it lacks are removed.
All other settings stay.

Examples:
  llamactl update coder -f Modelfile --restart
  llamactl update llama -o ctx_size=16384 --restart
  llamactl update llama --unset options.threads --unset environment.HF_HOME
  llamactl update llama --alias gpt-4o --alias gpt-4o-mini
  echo '{"options": {"threads": 8}}' | llamactl update llama --file -`;
