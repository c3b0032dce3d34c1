import type { Client } from '@llamactl/client';
import { Command, CommanderError } from 'commander';
import path from 'node:path';
import { TokenRenewal } from './access/token-renewal.ts';
import { Contexts } from './contexts.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import { serverAddress, type AddressFlags, type ServerAddress } from './server-address.ts';
import { isColoured } from './style.ts';
import { Terminal, type Streams } from './terminal.ts';

/** What the program touches of the outside. */
export interface Surroundings {
  streams: Streams;
  environment: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  home: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Aborts at Ctrl-C, which does nothing else once this was called; a second one ends the program. */
  interrupted: () => AbortSignal;
  /** Calls again and again until what it returns is called; keeps no process alive. */
  every: (milliseconds: number, act: () => void) => () => void;
  /** From now on the program goes on when whoever read its output has gone: what it does is not its output. */
  outliveReaders: () => void;
}

/** What may stand before the verb and has a word of its own behind it. */
const WITH_VALUE = new Set(['--url', '--context']);

/** How often a verb that lasts, such as one that follows a log, looks after its token. */
const TOKEN_CHECK = 10_000;
/** Seconds by which a verb may end later because of it. */
const RENEWAL_TIMEOUT = 5;

/** What a verb that talks to a server is given. */
export interface Session {
  client: Client;
  address: ServerAddress;
  terminal: Terminal;
  contexts: Contexts;
  /** Aborts at Ctrl-C; every call gets it. */
  signal: AbortSignal;
  now: () => number;
  /** The token that is sent now: renewed first, if it is time for that. `null`: none. */
  freshToken: () => Promise<string | null>;
}

/** What the command line said: words, and the flags of the verb. */
export interface Invocation<Flags> {
  words: readonly string[];
  /** Those of the words that stood behind `--`. */
  rest: readonly string[];
  flags: Flags;
}

/** Flags that every verb has. */
interface GlobalFlags extends AddressFlags {
  json?: boolean;
  quiet?: boolean;
  color: boolean;
}

/** A verb's action, as commander calls it. */
type Action = (this: Command, ...rest: unknown[]) => Promise<void>;

/** One line in `llamactl help`, and where the rest is. */
export interface Verb {
  name: string;
  aliases?: readonly string[];
  summary: string;
  /** Heading in the help. */
  group: string;
  load: () => Promise<(commandLine: CommandLine) => Command>;
}

/** The program: one run of one command line. */
export class CommandLine {
  readonly surroundings: Surroundings;
  readonly contexts: Contexts;
  readonly #verbs: readonly Verb[];
  /** Set by the verb that fails without throwing, such as one that did half of what was asked. */
  #status: ExitStatus = EXIT.ok;
  #rest: readonly string[] = [];
  #hasToken = false;
  #address: ServerAddress | null = null;

  constructor(surroundings: Surroundings, verbs: readonly Verb[]) {
    const { environment, home } = surroundings;
    this.surroundings = surroundings;
    this.#verbs = verbs;
    const folder = environment['XDG_CONFIG_HOME'] ?? path.join(home, '.config');
    this.contexts = new Contexts(path.join(folder, 'llamactl', 'contexts.json'));
  }

  /** Runs what the words ask for. Never rejects. @param words Without the program's own name. */
  async run(words: readonly string[]): Promise<ExitStatus> {
    if (words.length === 1 && ['--version', '-V'].includes(words[0] ?? '')) return this.run(['version']);
    const dashes = words.indexOf('--');
    this.#rest = dashes === -1 ? [] : words.slice(dashes + 1);
    const isJson = words.slice(0, dashes === -1 ? undefined : dashes).includes('--json');
    try {
      const program = await this.program(this.#wanted(words), isJson);
      await program.parseAsync(words, { from: 'user' });
      return this.#status;
    } catch (error) {
      return this.#fail(error, isJson);
    }
  }

  /**
   * The whole tree.
   *
   * @param loaded Verbs that are there with all that they have; of the others there is a line.
   * @param isJson What is wrong with the command line is not told here, but as JSON.
   */
  async program(loaded: readonly Verb[] = this.#verbs, isJson = false): Promise<Command> {
    const { stdout, stderr } = this.surroundings.streams;
    const program = new Command('llamactl')
      .description('The control plane for local LLM inference: one API for every engine on this machine.')
      .usage('[options] <command>')
      .option('--url <url>', 'the server (default: the current context, or the one on this machine)')
      .option('--context <name>', 'a server by its name, see llamactl context')
      .option('--json', 'print JSON, for programs')
      .option('-q, --quiet', 'print only what was asked for')
      .option('--no-color', 'no colours (also NO_COLOR=1)')
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: (text) => stdout.write(text),
        writeErr: (text) => (isJson ? true : stderr.write(text.replace(/^error: /, 'llamactl: '))),
      })
      .showHelpAfterError('(add --help for what there is)')
      .showSuggestionAfterError()
      .addHelpCommand(new Command('help').argument('[command]').summary('what a command does').helpGroup('The server:'))
      .exitOverride();
    for (const verb of this.#verbs) {
      const command = loaded.includes(verb) ? (await verb.load())(this) : stub(verb);
      program.addCommand(
        command
          .summary(verb.summary)
          .helpGroup(verb.group)
          .aliases(verb.aliases ?? []),
      );
    }
    inherit(program);
    return program;
  }

  /** An action that talks to a server. */
  online<Flags>(act: (session: Session, invocation: Invocation<Flags>) => Promise<void>): Action {
    return this.local<Flags>(async (terminal, invocation, command) => {
      const { session, renewal } = await this.#session(terminal, command.optsWithGlobals<GlobalFlags>());
      const end = renewal === null ? undefined : this.surroundings.every(TOKEN_CHECK, () => renewal.token());
      try {
        await act(session, invocation);
      } finally {
        end?.();
        await renewal?.settled();
      }
    });
  }

  /** An action that needs no server. */
  local<Flags>(act: (terminal: Terminal, invocation: Invocation<Flags>, command: Command) => Promise<void>): Action {
    const terminalOf = (flags: GlobalFlags): Terminal => this.#terminalOf(flags);
    const restOf = (): readonly string[] => this.#rest;
    return async function (this: Command) {
      const flags = this.opts<Record<string, unknown>>() as Flags;
      await act(terminalOf(this.optsWithGlobals()), { words: this.args, rest: restOf(), flags }, this);
    };
  }

  /** Ends the program with this status when the verb is done. */
  endWith(status: ExitStatus): void {
    this.#status = status;
  }

  /** Which server is talked to, for when that fails. */
  talksTo(address: ServerAddress): void {
    this.#address = address;
    this.#hasToken = address.token !== null;
  }

  async #session(terminal: Terminal, flags: GlobalFlags): Promise<{ session: Session; renewal: TokenRenewal | null }> {
    const [{ Client }, { assertFollowed }] = await Promise.all([
      import('@llamactl/client'),
      import('./followed-server.ts'),
    ]);
    const { environment, home, interrupted, now } = this.surroundings;
    const { contexts } = this;
    const address = serverAddress({ flags, environment, contexts, home });
    const { url, token, context } = address;
    this.talksTo(address);
    const own = context === null ? null : contexts.get(context);
    // Where its URL was given, the token that goes there may still be that of a server which is followed.
    const dataDirectory = address.dataDirectory ?? (own?.token === token ? own?.data_dir : null) ?? null;
    const assertThere = (): void => assertFollowed({ url, dataDirectory });
    const renewal = context === null || own?.token !== token ? null : this.#renewal(url, context, assertThere);
    const tokenThere = (): string | null => {
      assertThere();
      return renewal === null ? token : renewal.token();
    };
    const isAsked = renewal !== null || (dataDirectory !== null && (context !== null || token !== null));
    const client = new Client({ url, token: isAsked ? tokenThere : (token ?? undefined) });
    const freshToken = async (): Promise<string | null> => (renewal === null ? token : renewal.fresh());
    return { session: { client, address, terminal, contexts, signal: interrupted(), now, freshToken }, renewal };
  }

  /** What keeps the token of a context alive. @param assertThere Throws while its server is not there. */
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

  /** Commander has said what it has to say, but not as JSON; its own zero is help that was asked for. */
  #misunderstood({ exitCode, message }: CommanderError, isJson: boolean): ExitStatus {
    if (exitCode === 0) return EXIT.ok;
    const error = message.replace(/^error: /, '');
    if (isJson) this.surroundings.streams.stderr.write(`${JSON.stringify({ error, code: 'USAGE' })}\n`);
    return EXIT.usage;
  }

  #terminalOf(flags: GlobalFlags): Terminal {
    const { streams, environment } = this.surroundings;
    return new Terminal({
      streams,
      isColoured: isColoured(streams.stdout.isTTY === true, flags.color, environment),
      isJson: flags.json === true,
      isQuiet: flags.quiet === true,
    });
  }

  /** Loading all verbs takes longer than most of them run: only the one is loaded that is asked for, or asked about. */
  #wanted(words: readonly string[]): Verb[] {
    const isOf = (verb: Verb, word: string): boolean => [verb.name, ...(verb.aliases ?? [])].includes(word);
    const spoken = words.filter((_, index) => !WITH_VALUE.has(words[index - 1] ?? ''));
    const first = spoken.find((word) => this.#verbs.some((verb) => isOf(verb, word)));
    return first === undefined ? [] : this.#verbs.filter((verb) => isOf(verb, first));
  }

  async #fail(error: unknown, isJson: boolean): Promise<ExitStatus> {
    if (error instanceof CommanderError) return this.#misunderstood(error, isJson);
    const { failureOf } = await import('./failure.ts');
    const { surroundsOf } = await import('./address-remedies.ts');
    const { stderr } = this.surroundings.streams;
    const place = this.#address && surroundsOf(this.#address, this.surroundings);
    const { status, lines, json } = failureOf(error, this.#hasToken, place);
    if (isJson) stderr.write(`${JSON.stringify(json)}\n`);
    else stderr.write(lines.map((line, index) => `${index === 0 ? 'llamactl: ' : '  '}${line}\n`).join(''));
    return status;
  }
}

function stub({ name }: Verb): Command {
  return new Command(name);
}

/** What holds for the program holds for each of its commands, which were made alone. */
function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}
