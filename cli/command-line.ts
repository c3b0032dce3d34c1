import type { Client } from '@llamactl/client';
import { Command, CommanderError, Help, type Option } from 'commander';
import path from 'node:path';
import { TokenRenewal } from './access/token-renewal.ts';
import { Contexts } from './server/contexts.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import { configuredAddress, type AddressFlags, type ServerAddress } from './server/server-address.ts';
import { bareWords, helpCommand, pathName, understood } from './command-words.ts';
import { outputForm, outputOptions, wantsJson, type OutputFlags } from './screen/output-format.ts';
import { isColoured } from './screen/style.ts';
import { knownSize, Terminal } from './screen/terminal.ts';
import { AliasUsed } from './problem.ts';
import { patience } from './patience.ts';
import type { Surroundings } from './surroundings.ts';

/** Milliseconds between two token checks of a long-running verb, such as `logs -f`. */
const TOKEN_CHECK = 10_000;
/** Longest time in seconds that a token renewal may delay the end of a verb. */
const RENEWAL_TIMEOUT = 5;
/** For the list of log-ins, in which every program of Node was `node`. */
export const USER_AGENT = { 'user-agent': 'llamactl' };
/** Columns of descriptions below which the help is not wrapped. The default of commander, 40, left lines of 130 columns on a terminal of 60. */
const NARROWEST_HELP = 16;
/** For `run NAME -o temp=0`: `-o` of this verb is the form of its output. */
function engineOptionHint(option: string): string {
  return `options of the engine belong to the instance: llamactl update NAME -o ${option}; for one answer: --temperature and others`;
}

/** A verb's access to its server. */
export interface Session {
  client: Client;
  address: ServerAddress;
  terminal: Terminal;
  contexts: Contexts;
  /** Aborts at Ctrl-C; pass it to every call. */
  signal: AbortSignal;
  now: () => number;
  /** The token to send now, renewed if it is due. `null`: none. */
  freshToken: () => Promise<string | null>;
}

/** The arguments of a verb and its flags. */
export interface Invocation<Flags> {
  words: readonly string[];
  /** The arguments after `--`. */
  rest: readonly string[];
  flags: Flags;
}

/** How a verb finds its server. */
interface OnlineOptions<Flags> {
  /** `null`: the verb starts no server. */
  startsServer?: ((invocation: Invocation<Flags>) => Promise<void>) | null;
  /** False for verbs that destroy something. */
  takesAliases?: boolean;
}

/** Flags that every verb has. */
interface GlobalFlags extends AddressFlags, OutputFlags {
  color: boolean;
}

/** Returns the words of a command line with `NAME` for each `NAME:latest` that stands for an instance. */
export type UntaggedNames = (
  session: Session,
  command: Command,
  words: readonly string[],
) => Promise<readonly string[]>;

/** A verb's action, as commander calls it. */
export type Action = (this: Command, ...rest: unknown[]) => Promise<void>;

/** A verb: its line in `llamactl help`, and how to load the rest. */
export interface Verb {
  name: string;
  aliases?: readonly string[];
  summary: string;
  /** Heading in the help. */
  group: string;
  load: () => Promise<(commandLine: CommandLine) => Command>;
}

/** One run of one command line. */
export class CommandLine {
  readonly surroundings: Surroundings;
  readonly contexts: Contexts;
  readonly #verbs: readonly Verb[];
  readonly #untaggedNames: UntaggedNames;
  /** Set by a verb that fails without throwing, for instance after a partial success. */
  #status: ExitStatus = EXIT.ok;
  #rest: readonly string[] = [];
  #hasToken = false;
  /** Commander's output for standard error. */
  #complaint = '';
  /** Whether the verb takes options of an engine. */
  #takesEngineOptions = false;
  /** Name of the command: `models show`. */
  #command = '';
  /** The options that the command takes, those of the program included. */
  #options: readonly Option[] = [];
  #words: readonly string[] = [];
  #address: ServerAddress | null = null;

  /** @param untaggedNames Called with the words of each verb that talks to a server. */
  constructor(surroundings: Surroundings, verbs: readonly Verb[], untaggedNames: UntaggedNames) {
    const { environment, home } = surroundings;
    this.surroundings = surroundings;
    this.#verbs = verbs;
    this.#untaggedNames = untaggedNames;
    const folder = environment['XDG_CONFIG_HOME'] ?? path.join(home, '.config');
    this.contexts = new Contexts(path.join(folder, 'llamactl', 'contexts.json'));
  }

  /** Runs the command line. Never rejects. @param words Arguments, without the program's own name. */
  async run(words: readonly string[]): Promise<ExitStatus> {
    if (words.length === 1 && ['--version', '-V'].includes(words[0] ?? '')) return this.run(['version']);
    const dashes = words.indexOf('--');
    this.#rest = dashes === -1 ? [] : words.slice(dashes + 1);
    const isJson = wantsJson(words.slice(0, dashes === -1 ? undefined : dashes));
    try {
      const program = await this.program(this.#wanted(words));
      this.#takesEngineOptions = program.commands.some(({ options }) =>
        options.some(({ long }) => long === '--option'),
      );
      const { words: known, command } = await understood(program, words);
      this.#command = pathName(command);
      this.#words = words;
      this.#options = [...command.options, ...(command === program ? [] : program.options)];
      await program.parseAsync(known, { from: 'user' });
      return this.#status;
    } catch (error) {
      return this.#fail(error, isJson);
    }
  }

  /**
   * Builds the tree of all commands.
   *
   * @param loaded Verbs to load completely; the others get only their summary line.
   */
  async program(loaded: readonly Verb[] = this.#verbs): Promise<Command> {
    const { stdout } = this.surroundings.streams;
    const commands = await Promise.all(
      this.#verbs.map(async (verb) => {
        const command = loaded.includes(verb) ? (await verb.load())(this) : stub(verb);
        return command
          .summary(verb.summary)
          .helpGroup(verb.group)
          .aliases(verb.aliases ?? []);
      }),
    );
    // Commander would take the `-o` of a verb for the program's own. The tree of all verbs is only printed, never
    // parsed.
    const isShortTaken = commands.some(({ options }) => options.some(({ short }) => short === '-o'));
    const program = new Command('llamactl')
      .description('The control plane for local LLM inference: one API for every engine on this machine.')
      .usage('[options] <command>')
      .option('--url <url>', 'Server URL (default: the current context, or the server on this machine)')
      .option('--context <name>', 'Named server; see llamactl context')
      .option('--json', 'Print JSON; the same as --output json')
      .option('-q, --quiet', 'Print only the essential result')
      .option('--no-color', 'Do not use colours (also NO_COLOR=1)')
      .helpOption('-h, --help', 'Show this help')
      .configureHelp({ showGlobalOptions: true, minWidthToWrap: NARROWEST_HELP, formatItem: helpItem })
      .configureOutput({
        writeOut: (text) => stdout.write(text),
        // Commander would wrap the help at a reported width of 0 columns.
        getOutHelpWidth: () => knownSize(stdout.columns, 80),
        writeErr: (text) => (this.#complaint += text),
      })
      .showSuggestionAfterError(false)
      .addHelpCommand(helpCommand().helpGroup('The server:'))
      .exitOverride();
    for (const option of outputOptions(!isShortTaken || loaded === this.#verbs)) program.addOption(option);
    for (const command of commands) program.addCommand(command);
    inherit(program);
    return program;
  }

  /**
   * An action that talks to a server. If it fails because the user gave an alias, runs it again with the instance's
   * name.
   *
   * @param startsServer Starts the configured server if no server is found. First it calls this function, which throws
   *   if the command would fail anyway.
   * @param takesAliases False for verbs that destroy something.
   */
  online<Flags>(
    act: (session: Session, invocation: Invocation<Flags>) => Promise<void>,
    { startsServer = null, takesAliases = true }: OnlineOptions<Flags> = {},
  ): Action {
    return this.local<Flags>(async (terminal, given, command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const { session, renewal } = await this.#session(
        terminal,
        flags,
        startsServer === null ? null : () => startsServer(given),
      );
      const end = renewal === null ? undefined : this.surroundings.every(TOKEN_CHECK, () => renewal.token());
      let invocation = given;
      try {
        const words = await this.#untaggedNames(session, command, given.words);
        invocation = { ...given, words };
        await act(session, invocation);
      } catch (error) {
        if (!(error instanceof AliasUsed && takesAliases && invocation.words.includes(error.alias))) throw error;
        const { alias, instance } = error;
        const words = invocation.words.map((word) => (word === alias ? instance : word));
        await act(session, { ...invocation, words });
      } finally {
        end?.();
        await renewal?.settled();
      }
    });
  }

  /** An action that needs no server. */
  local<Flags>(act: (terminal: Terminal, invocation: Invocation<Flags>, command: Command) => Promise<void>): Action {
    const terminalOf = async (flags: GlobalFlags): Promise<Terminal> => this.#terminalOf(flags);
    const restOf = (): readonly string[] => this.#rest;
    return async function (this: Command) {
      const flags = this.opts<Record<string, unknown>>() as Flags;
      await act(await terminalOf(this.optsWithGlobals()), { words: this.args, rest: restOf(), flags }, this);
    };
  }

  /** Ends the program with this status when the verb is done. */
  endWith(status: ExitStatus): void {
    this.#status = status;
  }

  /** Records the addressed server, for error messages about it. */
  talksTo(address: ServerAddress): void {
    this.#address = address;
    this.#hasToken = address.token !== null;
  }

  async #session(
    terminal: Terminal,
    flags: GlobalFlags,
    startsServer: (() => Promise<void>) | null,
  ): Promise<{ session: Session; renewal: TokenRenewal | null }> {
    const [{ Client }, { assertFollowed }] = await Promise.all([
      import('@llamactl/client'),
      import('./server/followed-server.ts'),
    ]);
    const { interrupted, now } = this.surroundings;
    const { contexts } = this;
    const address = await this.#addressOf(terminal, flags, startsServer);
    const { url, token, context } = address;
    this.talksTo(address);
    if (context !== null && !terminal.isJson) await this.#nameServer(terminal, address);
    const own = context === null ? null : contexts.get(context);
    // With `--url`, the token may still be from a context that follows a data directory.
    const dataDirectory = address.dataDirectory ?? (own?.token === token ? own?.data_dir : null) ?? null;
    const assertThere = (): void => assertFollowed({ url, dataDirectory });
    const renewal = context === null || own?.token !== token ? null : this.#renewal(url, context, assertThere);
    const tokenThere = (): string | null => {
      assertThere();
      return renewal === null ? token : renewal.token();
    };
    const isChecked = renewal !== null || (dataDirectory !== null && (context !== null || token !== null));
    const client = new Client({
      url,
      token: isChecked ? tokenThere : (token ?? undefined),
      headers: USER_AGENT,
      ...patience((text) => terminal.note(text), now),
    });
    const freshToken = async (): Promise<string | null> => (renewal === null ? token : renewal.fresh());
    return { session: { client, address, terminal, contexts, signal: interrupted(), now, freshToken }, renewal };
  }

  async #nameServer(terminal: Terminal, address: ServerAddress): Promise<void> {
    const [{ surroundsOf }, { contextNote }] = await Promise.all([
      import('./server/address-remedies.ts'),
      import('./server/context-note.ts'),
    ]);
    const note = contextNote(surroundsOf(address, this.surroundings));
    if (note !== null) terminal.note(note);
  }

  async #addressOf(
    terminal: Terminal,
    flags: AddressFlags,
    startsServer: (() => Promise<void>) | null,
  ): Promise<ServerAddress> {
    const { environment, home } = this.surroundings;
    const parts = { flags, environment, contexts: this.contexts, home };
    const address = await configuredAddress(parts);
    if (startsServer === null) return address;
    const { startMissing } = await import('./server/missing-server.ts');
    const isStarted = await startMissing(address, this.surroundings, terminal, startsServer);
    return isStarted ? configuredAddress(parts) : address;
  }

  /** Keeps the token of a context valid. @param assertThere Throws while the server of the context is not there. */
  #renewal(url: string, context: string, assertThere: () => void): TokenRenewal {
    return new TokenRenewal({
      contexts: this.contexts,
      context,
      now: this.surroundings.now,
      refresh: async (token) => {
        assertThere();
        const { Client } = await import('@llamactl/client');
        return (await new Client({ url, token, retries: 0, timeout: RENEWAL_TIMEOUT }).refreshToken()).token;
      },
    });
  }

  /**
   * Maps commander's error to an exit status, and prints it. Exit code 0 means that help was requested. If the command
   * is missing, commander shows help too, which is then the result.
   */
  async #misunderstood({ exitCode, code, message }: CommanderError, isJson: boolean): Promise<ExitStatus> {
    if (exitCode === 0) return EXIT.ok;
    const { stdout, stderr } = this.surroundings.streams;
    const isHelp = code === 'commander.help';
    const error = isHelp ? 'no command given' : message.replace(/^error: /, '');
    if (isJson) stderr.write(`${JSON.stringify({ error, code: 'USAGE' })}\n`);
    else if (isHelp) stdout.write(this.#complaint);
    else stderr.write(await this.#complained(message));
    return isHelp && !isJson ? EXIT.ok : EXIT.usage;
  }

  /** Commander's message in our words. */
  async #complained(message: string): Promise<string> {
    const [, option = ''] = /^error: unknown option '(.*)'$/.exec(message) ?? [];
    const [, verb = ''] = /^error: too many arguments for '(.*?)'/.exec(message) ?? [];
    const hint = await this.#hintFor(message, { option, verb });
    const [first = '', ...rest] = this.#complaint.trimEnd().split('\n');
    const said = first
      .replace(/^error: /, '')
      .replace(/^required option '(.*)' not specified$/, '$1 is missing')
      .replace(/^missing required argument '(.*)'$/, (_all, name: string) => `${name.toUpperCase()} is missing`);
    return [`llamactl: ${said}`, ...(hint === null ? [] : [`  ${hint}`]), ...rest, ''].join('\n');
  }

  async #hintFor(message: string, { option, verb }: { option: string; verb: string }): Promise<string | null> {
    if (verb !== '') return namedInstanceHint(verb);
    // `-o` of verbs that set no instance.
    const [, engineOption = ''] = /^error: option '-o, --output .* argument '(\w+=.*?)' is invalid/.exec(message) ?? [];
    if (engineOption !== '') return engineOptionHint(engineOption);
    const [, missing = ''] = /^error: required option '(--[\w-]+)/.exec(message) ?? [];
    if (missing !== '') return choicesOf(this.#options, missing);
    if (option === '') return null;
    const { unknownOptionHint } = await import('./unknown-option.ts');
    const value = valueOf(option, this.#words);
    const words = bareWords(this.#words).filter((word) => word !== value);
    return unknownOptionHint(option, {
      command: this.#command,
      options: this.#options,
      takesEngineOptions: this.#takesEngineOptions,
      value,
      argument: words[this.#command.split(' ').length] ?? null,
    });
  }

  async #terminalOf(flags: GlobalFlags): Promise<Terminal> {
    const { streams, environment } = this.surroundings;
    return new Terminal({
      streams,
      isColoured: isColoured(streams.stdout.isTTY === true, flags.color, environment),
      form: await outputForm(flags),
    });
  }

  /** Selects the verb of this command line, because loading all verbs would take longer than most verbs run. */
  #wanted(words: readonly string[]): Verb[] {
    const isOf = (verb: Verb, word: string): boolean => [verb.name, ...(verb.aliases ?? [])].includes(word);
    // Commander also takes a verb after `--`, if none comes before.
    const first = [...bareWords(words), ...this.#rest].find((word) => this.#verbs.some((verb) => isOf(verb, word)));
    return first === undefined ? [] : this.#verbs.filter((verb) => isOf(verb, first));
  }

  async #fail(error: unknown, isJson: boolean): Promise<ExitStatus> {
    if (error instanceof CommanderError) return this.#misunderstood(error, isJson);
    const { failureOf } = await import('./failure.ts');
    const { surroundsOf } = await import('./server/address-remedies.ts');
    const { stderr } = this.surroundings.streams;
    const place = this.#address && surroundsOf(this.#address, this.surroundings);
    const { status, lines, json } = failureOf(error, this.#hasToken, place);
    if (isJson) stderr.write(`${JSON.stringify(json)}\n`);
    else stderr.write(lines.map((line, index) => `${index === 0 ? 'llamactl: ' : '  '}${line}\n`).join(''));
    return status;
  }
}

/** The value of an option: after `=`, else the next word. `null`: it has none. */
function valueOf(option: string, words: readonly string[]): string | null {
  const at = option.indexOf('=');
  if (at !== -1) return option.slice(at + 1);
  const next = words.includes(option) ? words[words.indexOf(option) + 1] : undefined;
  return next === undefined || /^-\D/.test(next) ? null : next;
}

function stub({ name }: Verb): Command {
  return new Command(name);
}

/** Spaces before a description that stands below its term. */
const BELOW = 6;

/** A line of the help. On a terminal that is too narrow for two columns, the description stands below its term. */
function helpItem(term: string, termWidth: number, description: string, helper: Help): string {
  const columns = helper.helpWidth ?? 80;
  const isNarrow = columns - termWidth - BELOW < NARROWEST_HELP;
  if (!isNarrow || description === '') return new Help().formatItem.call(helper, term, termWidth, description, helper);
  const lines = helper.boxWrap(description, Math.max(NARROWEST_HELP, columns - BELOW)).split('\n');
  return [`  ${term}`, ...lines.map((line) => ' '.repeat(BELOW) + line)].join('\n');
}

/** Copies the program's settings to its commands, which are built separately. */
function inherit(parent: Command, path = parent.name()): void {
  parent.showHelpAfterError(`  usage: ${path} ${parent.usage()}`);
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    // The help command of the program has a heading that the help of this command lacks.
    if (command.commands.length > 0) command.addHelpCommand(helpCommand());
    inherit(command, `${path} ${command.name()}`);
  }
}

/** The values of an option that takes one of a list, as a hint; `null`: any value. */
function choicesOf(options: readonly Option[], name: string): string | null {
  const choices = options.find(({ long }) => long === name)?.argChoices;
  return choices === undefined ? null : `its values: ${choices.join(', ')}`;
}

/** A hint for an instance name after a verb that acts on the whole server; `null`: none. */
function namedInstanceHint(verb: string): string | null {
  if (verb === 'down') return 'down stops the server; to stop an instance: llamactl stop NAME';
  return verb === 'ps' || verb === 'status' ? 'for one instance: llamactl show NAME, or llamactl why NAME' : null;
}
