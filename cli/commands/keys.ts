import type { CreateKey, Key } from '@llamactl/client';
import { Command, Option } from 'commander';
import { lastUse } from '../access/last-use.ts';
import { limitsIn, limitWords, withLimitFlags, type LimitFlags } from '../access/limit-flags.ts';
import type { CommandLine, Session } from '../command-line.ts';
import { moment } from '../../format/moment.ts';
import { duration } from '../../format/figures.ts';
import { plain } from '../screen/text.ts';
import { EXIT } from '../exit-status.ts';
import { collect } from '../instances/setting-flags.ts';
import { missingName } from '../missing-name.ts';
import { Problem } from '../problem.ts';

interface CreateFlags extends LimitFlags {
  scope?: Scope[];
  instance?: string[];
  start: boolean;
  expires?: string;
  owner?: string;
}

type Scope = NonNullable<CreateKey['scopes']>[number];

const SCOPES = ['inference', 'metrics', 'viewer', 'operator', 'admin'];

export function keysCommand(commandLine: CommandLine): Command {
  return new Command('keys')
    .description('Manage API keys for editors, scripts and dashboards.')
    .addHelpText(
      'after',
      `
Examples:
  llamactl keys create editor
  llamactl keys create ci --scope operator --expires 30d
  llamactl keys ls
  llamactl keys edit editor --expires 90d
  llamactl keys rm editor`,
    )
    .addCommand(listCommand(commandLine))
    .addCommand(createCommand(commandLine))
    .addCommand(editCommand(commandLine))
    .addCommand(removeCommand(commandLine));
}

function listCommand(commandLine: CommandLine): Command {
  return new Command('ls')
    .alias('list')
    .description('List your keys; as an admin, all keys.')
    .addHelpText('after', '\nExamples:\n  llamactl keys ls\n  llamactl keys ls --json')
    .action(
      commandLine.online(async ({ client, terminal, signal, now }) => {
        const keys = await client.listKeys({ signal });
        if (terminal.isJson) return terminal.printJson(keys);
        if (terminal.isQuiet) return keys.forEach(({ id }) => terminal.print(id));
        if (keys.length === 0) return terminal.note('no keys; to create one: llamactl keys create NAME');
        const isLimited = keys.some((key) => limitWords(key) !== '');
        terminal.printTable(
          isLimited ? [...COLUMNS, LIMITS] : COLUMNS,
          keys.map((key) => [...rowOf(key, now()), ...(isLimited ? [limitWords(key)] : [])]),
        );
      }),
    );
}

const COLUMNS = [
  { title: 'NAME', gives: 6, least: 12 },
  { title: 'ID' },
  { title: 'OWNER', gives: 4 },
  { title: 'SCOPES', gives: 5 },
  { title: 'INSTANCES', gives: 3 },
  { title: 'EXPIRES' },
  { title: 'LAST USED', gives: 1 },
];

const LIMITS = { title: 'LIMITS', gives: 2 };

function rowOf(key: Key, now: number): string[] {
  const { expires_at: expires, last_used_at: used, instances, may_start: mayStart } = key;
  return [
    key.name,
    key.id,
    key.owner,
    [...key.scopes, ...(mayStart ? [] : ['no start'])].join(', '),
    instances === null ? 'all' : instances.join(', '),
    expires === null
      ? 'never'
      : Date.parse(expires) <= now
        ? 'expired'
        : `in ${duration((Date.parse(expires) - now) / 1_000)}`,
    used === null ? 'never' : lastUse(used, now),
  ].map((text) => plain(text));
}

function createCommand(commandLine: CommandLine): Command {
  const command = new Command('create')
    .description('Create a key. It is shown only once.')
    .argument('<name>', 'Name, for instance its purpose')
    .addOption(scopeOption())
    .option('--instance <name>', 'Only this instance; repeatable (default: all)', collect)
    .option('--no-start', 'Forbid it to start stopped instances')
    .option('--expires <time>', 'Expiry: 30d, 12h or 2027-01-31 (default: never)')
    .option('--owner <username>', 'As an admin: the owner (default: you)');
  return withLimitFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  llamactl keys create editor > key.txt
  llamactl keys create ci --scope operator --expires 30d
  llamactl keys create demo --instance qwen --no-start --owner ann
  llamactl keys create guest --max-in-flight 1 --tokens-per-minute 20000
  export OPENAI_API_KEY=$(llamactl keys create shell -q)`,
    )
    .action(
      commandLine.online<CreateFlags>(async (session, { words: [name = ''], flags }) => {
        const { client, terminal, signal, now } = session;
        const { dateOf } = await import('../access/date-flag.ts');
        const { scope, instance, start, expires, owner } = flags;
        const request = {
          name,
          ...(scope !== undefined && { scopes: scope }),
          ...(instance !== undefined && { instances: instance }),
          ...(!start && { may_start: false }),
          ...(expires !== undefined && { expires_at: dateOf(expires, now()) }),
          ...(owner !== undefined && { owner }),
          ...limitsIn(flags),
        };
        const made = await client.createKey(request, { signal }).catch(async (error: unknown) => {
          throw owner === undefined && (await lacksOwner(error)) ? accountsAreOff() : error;
        });
        // The key is printed first: it cannot be shown again if the list fails.
        if (terminal.isJson) terminal.printJson(made);
        else terminal.print(made.key);
        for (const other of await namesakes(session, made.info))
          terminal.warn(
            plain(`warning: your key ${other.id} has the name ${name} too; to revoke it: llamactl keys rm ${other.id}`),
          );
        if (terminal.isJson) return;
        terminal.note(sentence(made.info));
        terminal.note(`it is shown only once; to revoke it: llamactl keys rm ${made.info.id}`);
      }),
    );
}

/** Other keys of the same name and owner. Empty if they cannot be listed. */
async function namesakes({ client, signal }: Session, { id, name, owner }: Key): Promise<Key[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const keys = await client.listKeys({ signal });
    return keys.filter((key) => key.id !== id && key.name === name && key.owner === owner);
  } catch (error) {
    if (error instanceof LlamactlError) return [];
    throw error;
  }
}

/**
 * Whether the server refused the key because it has no owner. Only without accounts, a new key has no owner by default.
 */
async function lacksOwner(error: unknown): Promise<boolean> {
  const { LlamactlError } = await import('@llamactl/client');
  return error instanceof LlamactlError && error.problems.some(({ path }) => path === 'owner');
}

function accountsAreOff(): Problem {
  return new Problem('Accounts are off, so no key is needed.', EXIT.failed, [
    'to turn accounts on: llamactl config set auth.enabled=true, then llamactl reload',
    'to create a key in advance: --owner USERNAME',
  ]);
}

function sentence(key: Key): string {
  const { owner, scopes, instances, may_start: mayStart, expires_at: expires } = key;
  const where = instances === null ? 'all instances' : `instances ${instances.join(', ')}`;
  const start = mayStart ? '' : ', starts none';
  const limits = limitWords(key);
  const most = limits === '' ? '' : `, at most ${limits}`;
  const end = expires === null ? 'valid until revoked' : `valid until ${moment(expires)}`;
  return plain(`key for ${owner}, scope ${scopes.join(', ')}, ${where}${start}${most}, ${end}`);
}

interface EditFlags {
  name?: string;
  expires?: string;
}

function editCommand(commandLine: CommandLine): Command {
  return new Command('edit')
    .description('Change the name or the end of a key. The key itself and its rights stay.')
    .argument('<key>', 'Its id, or its name if only one key has it')
    .option('--name <name>', 'Another name')
    .option('--expires <time>', 'Another end: 30d, 12h, 2027-01-31 or never')
    .addHelpText(
      'after',
      `
Examples:
  llamactl keys edit editor --name laptop
  llamactl keys edit ci --expires 90d
  llamactl keys edit ci --expires never`,
    )
    .action(
      commandLine.online<EditFlags>(async ({ client, terminal, signal, now }, { words: [word = ''], flags }) => {
        const { name, expires } = flags;
        if (name === undefined && expires === undefined) {
          throw new Problem('nothing to change: add --name or --expires', EXIT.usage);
        }
        const { dateOf } = await import('../access/date-flag.ts');
        const request = {
          ...(name !== undefined && { name }),
          ...(expires !== undefined && { expires_at: expires === 'never' ? null : dateOf(expires, now()) }),
        };
        const { id } = await chosenKey(await client.listKeys({ signal }), word);
        const { key } = await client.updateKey(id, request, { signal });
        if (terminal.isJson) return terminal.printJson(key);
        if (terminal.isQuiet) return terminal.print(key.id);
        terminal.print(`${plain(key.name)} (${key.id}) updated: ${sentence(key)}`);
      }),
    );
}

function removeCommand(commandLine: CommandLine): Command {
  return new Command('rm')
    .alias('delete')
    .description('Revoke keys and close their connections. Admins can revoke the keys of others.')
    .argument('<keys...>', 'IDs, or names that only one key has')
    .addHelpText('after', '\nExamples:\n  llamactl keys rm editor\n  llamactl keys rm $(llamactl keys ls -q)')
    .action(
      commandLine.online(async ({ client, terminal, signal }, { words }) => {
        const { removeEach } = await import('../access/removal.ts');
        const removals = (await chosenKeys(await client.listKeys({ signal }), words)).map(({ id, name }) => ({
          name: id,
          gone: { line: `${plain(name)} (${id}) revoked`, quiet: id, json: { id, name, revoked: true } },
          remove: () => client.deleteKey(id, { signal }),
        }));
        commandLine.endWith(await removeEach(terminal, removals));
      }),
    );
}

function scopeOption(): Option {
  const description = 'Permission: call engines, read metrics, or those of a role; repeatable (default: inference)';
  const option = new Option('--scope <scope>', description).choices(SCOPES);
  const { parseArg: check } = option;
  return option.argParser((scope: string, before: string[] | undefined) => {
    check?.(scope, undefined);
    return [...(before ?? []), scope];
  });
}

/**
 * Finds keys by their ids or names, each once.
 *
 * @throws {Problem} when one of the words matches no key, or several
 */
async function chosenKeys(keys: readonly Key[], words: readonly string[]): Promise<Key[]> {
  return [...new Set(await Promise.all(words.map((word) => chosenKey(keys, word))))];
}

async function chosenKey(keys: readonly Key[], word: string): Promise<Key> {
  const byId = keys.find(({ id }) => id === word);
  const named = byId === undefined ? keys.filter(({ name }) => name === word) : [byId];
  const [key] = named;
  if (key === undefined) {
    const names = keys.map(({ name }) => name);
    throw await missingName({ kind: 'key', word, names, list: 'to list keys: llamactl keys ls' });
  }
  if (named.length > 1) {
    const ids = named.map(({ id, owner }) => `${id} (of ${owner})`).join(', ');
    throw new Problem(`${named.length} keys are called ${word}; give one of the ids: ${ids}`, EXIT.usage);
  }
  return key;
}
