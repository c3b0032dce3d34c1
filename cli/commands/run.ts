import { Command, InvalidArgumentError, Option } from 'commander';
import type { OllamaSettings } from '../chat/ollama-settings.ts';
import type { CommandLine, Session } from '../command-line.ts';
import { thinking, thinkingFields, type Thinking } from '../chat/thinking.ts';
import { plain } from '../screen/text.ts';

type Every = CommandLine['surroundings']['every'];

/** Milliseconds until a note about the wait is printed. */
const PATIENCE = 2_000;

interface RunFlags {
  system?: string;
  temperature?: number;
  maxTokens?: number;
  think?: Thinking;
  hideThinking?: boolean;
  verbose?: boolean;
  yes?: boolean;
}

/** The command line, and where it was typed. */
interface Wish {
  model: string;
  prompt: string;
  home: string;
  every: Every;
  /** The value of `--format`. */
  format: string | undefined;
}

export function runCommand(commandLine: CommandLine): Command {
  const command = new Command('run');
  return (
    command
      .description('Chat with a model. Downloads it, creates an instance of it, and starts it if needed.')
      .argument('<model>', 'Instance, alias, model file, name of a model in llamactl models, or reference')
      .argument('[prompt...]', 'A question; leave it out to chat')
      .option('--system <text>', "System prompt (default: the instance's)")
      .option(
        '--temperature <number>',
        "Temperature; 0 = always the likeliest answer (default: the engine's)",
        temperature,
      )
      .option('--max-tokens <number>', "Longest answer in tokens (default: the engine's)", tokens)
      .option('--think [mode]', 'Let the model reason first: true, false, low, medium or high', thinking)
      .option('--hide-thinking', 'Do not show the reasoning on a terminal')
      // As Ollama spells it.
      .addOption(new Option('--hidethinking').hideHelp().implies({ hideThinking: true }))
      .option('-y, --yes', 'Download the model without asking')
      .option('--verbose', 'Print statistics such as tokens per second on standard error')
      .addHelpText(
        'after',
        `
Piped input is appended to the prompt. With --json each chunk of an answer is
printed as the engine sent it, one line of JSON each. The instance keeps
running; to stop it: llamactl stop NAME. An instance created for a file is
deleted again if it does not start. If no server runs, one is started in the
background; llamactl down stops it. On a terminal run asks before a download;
elsewhere it needs --yes.

Examples:
  llamactl run ~/models/qwen2.5-0.5b-instruct.gguf
  llamactl run qwen2.5-0.5b-instruct         a model in llamactl models
  llamactl run Qwen/Qwen3-4B-GGUF:Q4_K_M     a model of the hub
  llamactl run ollama:qwen3:8b --yes "Hi"
  llamactl run qwen "Name three fruits"
  llamactl run qwen "Sum this up in a sentence:" < notes.txt
  git diff | llamactl run qwen --system 'You write commit messages.'`,
      )
      .action(
        commandLine.online<RunFlags>(
          async (session, { words: [model = '', ...words], flags }) => {
            const { home, every } = commandLine.surroundings;
            const { format } = command.optsWithGlobals<{ format?: string }>();
            await run(session, { model, prompt: words.join(' '), home, every, format }, flags);
          },
          {
            startsServer: async ({ words: [model = ''] }) => {
              const { refuseAbsentFile } = await import('../chat/absent-file.ts');
              await refuseAbsentFile(model, process.cwd(), commandLine.surroundings);
            },
          },
        ),
      )
  );
}

async function run(
  session: Session,
  { model, prompt, home, every, format }: Wish,
  { system, temperature: warmth, maxTokens, yes: isAgreed = false, ...flags }: RunFlags,
): Promise<void> {
  const { terminal, client, signal } = session;
  const question = await wholeQuestion(session, prompt, every);
  const [{ modelInstance }, { companionText }, { ensureRunning }, { Conversation }, { isOwnAddress }] =
    await Promise.all([
      import('../chat/model-instance.ts'),
      import('../instances/launched-companions.ts'),
      import('../chat/running-instance.ts'),
      import('../chat/conversation.ts'),
      import('../server/own-address.ts'),
    ]);
  const place = { folder: process.cwd(), home, isLocal: isOwnAddress(client.url) };
  const {
    name,
    instance,
    isReady = false,
    file,
    ofOllama,
    companions = [],
  } = await modelInstance(session, model, { place, fetching: { isAgreed, every } });
  if (file !== null) terminal.note(`created instance ${name} for ${plain(ofOllama === undefined ? file : model)}`);
  for (const companion of companions) terminal.note(companionText(companion));
  if (ofOllama !== undefined) for (const line of ollamaNotes(name, ofOllama)) terminal.note(line);
  const hasStarted = !isReady && (await ensureRunning(session, { name, isNew: file !== null, instance }));
  if (format === 'json') terminal.note(jsonHint(name));
  const settings = { temperature: warmth, max_tokens: maxTokens, ...thinkingFields(flags.think) };
  const view = { isVerbose: flags.verbose ?? false, hidesThinking: flags.hideThinking ?? false };
  const conversation = new Conversation(name, { ...(system === undefined ? {} : { system }), settings });
  if (question === null) {
    const { Chat } = await import('../chat/chat.ts');
    await new Chat(session, conversation, view).run();
  } else {
    const { answerOnce } = await import('../chat/single-answer.ts');
    await answerOnce(session, conversation.request(question), { ...view, signal });
  }
  if (hasStarted || question === null) terminal.note(`${name} keeps running; to stop it: llamactl stop ${name}`);
}

/** For users of Ollama, where `--format json` asks the model for JSON. */
function jsonHint(name: string): string {
  const setting = `'response_format={"type":"json_object"}'`;
  return `--format json prints the chunks of the answer; for answers in JSON: llamactl update ${name} --request-default ${setting}`;
}

/** The settings of Ollama that an instance got, and those that it did not get, in sentences. */
function ollamaNotes(name: string, { settings, unused, messages }: OllamaSettings): string[] {
  const { system_prompt: prompt, request_defaults: defaults, options = {} } = settings;
  const taken = [...(prompt === undefined ? [] : ['system prompt']), ...(defaults === undefined ? [] : ['parameters'])];
  const them = prompt !== undefined && defaults === undefined ? 'it' : 'them';
  const set = Object.entries(options).map(([option, value]) => `${option}=${String(value)}`);
  return [
    ...(taken.length === 0
      ? []
      : [`the instance has the ${taken.join(' and ')} of the model in Ollama; to see ${them}: llamactl show ${name}`]),
    ...(set.length === 0 ? [] : [`options from its parameters in Ollama: ${set.join(', ')}`]),
    ...(unused.length === 0 ? [] : [`parameters in Ollama that are not used: ${plain(unused.join(', '))}`]),
    ...(messages === null ? [] : [messages]),
  ];
}

/** The question to send; `null`: a person will type questions. @throws {Problem} when there is no question */
async function wholeQuestion(session: Session, prompt: string, every: Every): Promise<string | null> {
  const { terminal } = session;
  if (terminal.streams.stdin.isTTY === true) {
    if (prompt !== '') return prompt;
    if (terminal.canAsk) return null;
  }
  const input = terminal.streams.stdin.isTTY === true ? '' : (await pipedInput(session, every, prompt)).trim();
  const question = [prompt, input].filter((part) => part !== '').join('\n\n');
  if (question !== '') return question;
  const [{ Problem }, { EXIT }] = await Promise.all([import('../problem.ts'), import('../exit-status.ts')]);
  throw new Problem('no prompt: give one as an argument, or pipe it in', EXIT.usage, [
    'llamactl run qwen "Name three fruits"',
  ]);
}

/**
 * Reads standard input, and prints a note if it does not end soon, for example if another program passed it on. Without
 * the note, the wait would look like a slow model.
 */
async function pipedInput({ terminal, signal }: Session, every: Every, prompt: string): Promise<string> {
  const remedy = prompt === '' ? '' : '; add < /dev/null if there is no input';
  const stop = every(PATIENCE, () => {
    stop();
    terminal.note(`llamactl: reading standard input, until it ends${remedy}`);
  });
  try {
    return await terminal.readInput(signal);
  } finally {
    stop();
  }
}

function temperature(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Give a number, 0 or more.');
  return value;
}

function tokens(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number, 1 or more.');
  return Number(text);
}
