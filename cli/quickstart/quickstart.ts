import { codeOf, errorWords, reasonOf } from '@llamactl/contract/reason';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Inspection, LoadedConfig } from '@llamactl/server/main';
import { rateText } from '../../format/figures.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { BackgroundServer } from '../server/background-server.ts';
import { ownProgram } from '../server/own-program.ts';
import { overridesOf, type ServeFlags } from '../server/serve-flags.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';
import { writeDemoModel } from './demo-model.ts';
import { installedCommand, installEngine } from './engine-install.ts';
import { findEngine } from './find-engine.ts';
import { findModel } from './find-model.ts';
import { smallestChatModel } from './library-model.ts';
import { nextSteps } from './next-steps.ts';
import { QuickstartInstance } from './quickstart-instance.ts';
import { downloadModel } from './model-download.ts';
import type { OnProgress } from './progress.ts';
import { progressPrinter } from './progress-printer.ts';

const QUESTION = 'Name three fruits.';
/** In the folder `models` of the data directory. */
const DEMO_FILE = 'demo.gguf';

/** The flags of `llamactl quickstart`. */
export interface QuickstartFlags {
  config?: string;
  port?: string;
  dataDir?: string;
  model?: string;
  offline?: boolean;
  once?: boolean;
}

/**
 * Sets up everything for a newcomer. Each step reports what it does, reuses the results of an earlier run, and suggests
 * a fix on failure. The steps before the server starts only create files. Ctrl-C never leaves half-made files in use.
 *
 * Uses a running server, or starts one in the background and leaves it running.
 */
export async function quickstart(
  surroundings: Surroundings,
  terminal: Terminal,
  flags: QuickstartFlags,
): Promise<void> {
  const { createInspection, makePrivateFolder, readConfig } = await import('@llamactl/server/main');
  const { environment, home } = surroundings;
  const signal = surroundings.interrupted();
  const { config: configFile, port, dataDir, once = false } = flags;
  const serveFlags: ServeFlags = {
    ...(configFile === undefined ? {} : { config: configFile }),
    ...(port === undefined ? {} : { port }),
    ...(dataDir === undefined ? {} : { dataDir }),
  };
  const loaded = readConfig({
    configFile: configFile ?? null,
    overrides: overridesOf(serveFlags),
    searchLocal: false,
    user: { environment, home },
  });
  for (const warning of loaded.warnings) terminal.warn(`llamactl: ${warning}`);
  if (loaded.config.auth.enabled) throw accountsAreOn(loaded);
  makePrivateFolder(loaded.config.data_dir);

  const inspection = createInspection(loaded.config.data_dir);
  say(terminal, '1. Engine');
  await getEngine(terminal, loaded, inspection, signal);
  say(terminal, '2. Model');
  const model = await getModel(terminal, flags, loaded, inspection, signal);
  say(terminal, '3. Server');
  const { ensureServer } = await import('../server/background-server.ts');
  const onWait = (sentence: string): void => terminal.warn(`   ${sentence}`);
  const server = await ensureServer(surroundings, { flags: serveFlags, searchLocal: false, signal, onWait });
  say(terminal, `   ${server.isNew ? 'listening in the background on' : 'using the one that runs on'} ${server.url}`);
  const { Client } = await import('@llamactl/client');
  const instance = new QuickstartInstance(new Client(server.url), signal);
  try {
    const mayReplace = async (present: string): Promise<boolean> =>
      flags.model !== undefined || isDemo(present, loaded) || (await inspection.modelProblem(present)) !== null;
    const answer = await answerOnce(terminal, instance, model, mayReplace);
    if (terminal.isJson) terminal.printJson({ url: server.url, instance: QuickstartInstance.name, ...answer });
    else if (terminal.isQuiet) terminal.print(plain(answer.answer, 'many lines'));
  } catch (error) {
    if (!once && server.isNew)
      terminal.warn(`the server and its engines keep running; to stop them: ${server.stop} --stop-engines`);
    throw error;
  } finally {
    if (once) await undo(surroundings, instance, server);
  }
  const calling = { program: ownProgram().command, searchPath: environment['PATH'] };
  if (!once) say(terminal, `\n${nextSteps(server, calling).join('\n')}`);
}

/** Stops only what this call started: the rest may be running on purpose. */
async function undo(
  { every }: Pick<Surroundings, 'every'>,
  instance: QuickstartInstance,
  { isNew, pid, loaded }: BackgroundServer,
): Promise<void> {
  await instance.stop();
  if (!isNew) return;
  const [{ endServer }, { signalServer }, { isLockHeld }] = await Promise.all([
    import('../server/server-end.ts'),
    import('../server/server-signal.ts'),
    import('@llamactl/server/main'),
  ]);
  await endServer(pid, {
    stop: () => signalServer(pid, 'SIGTERM'),
    isHeld: () => isLockHeld(loaded.config.data_dir),
    every,
    onWait: () => undefined,
    signal: new AbortController().signal,
  });
}

/** The refusal while accounts are on: quickstart has no credentials, and must not create any. */
function accountsAreOn({ file }: LoadedConfig): Problem {
  const where = file === null ? 'from a variable or flag' : `auth.enabled in ${file}`;
  return new Problem(`accounts are on (${where}), and quickstart has no credentials`, EXIT.failed, [
    'with accounts: llamactl up, llamactl login, then llamactl run MODEL.gguf',
    'without accounts, on another port: LLAMACTL_AUTH_ENABLED=false llamactl quickstart --config /dev/null --port 8081 --data-dir ~/llamactl-try',
  ]);
}

/** Finds llama-server, or installs it. The server looks in the install folder after PATH. */
async function getEngine(
  terminal: Terminal,
  { config }: LoadedConfig,
  { searchPath }: Inspection,
  signal: AbortSignal,
): Promise<void> {
  const directory = path.join(config.data_dir, 'engines', 'llama_cpp');
  const { command } = config.engines.llama_cpp;
  const found = await findEngine({ command, path: searchPath, installed: installedCommand(directory) });
  if (found !== null) {
    say(terminal, `   found ${found}`);
    return;
  }
  if (command.includes('/')) {
    throw new Error(
      `engines.llama_cpp.command is ${command}, which is not executable; correct it, or remove it so that quickstart installs an engine`,
    );
  }
  say(terminal, `   ${command} was not found; downloading llama-server (about 14 MB)`);
  const printer = progressPrinter();
  const installed = await installEngine({ directory, onProgress: printer.show, signal }).finally(printer.end);
  say(terminal, `   installed llama-server ${installed.version}`);
}

/** Chooses a model: the named one, one of the user's own, the smallest of other programs, a small real one, or the built-in demo. */
async function getModel(
  terminal: Terminal,
  flags: QuickstartFlags,
  { config }: LoadedConfig,
  inspection: Inspection,
  signal: AbortSignal,
): Promise<string> {
  if (flags.model !== undefined) return givenModel(flags.model);
  const onSkipped = (problem: string): void => say(terminal, `   skipped: ${plain(problem)}`);
  const problemOf = (file: string): Promise<string | null> => inspection.modelProblem(file);
  const found = await findModel({ directories: config.models.dirs, problemOf, onSkipped });
  if (found !== null) {
    say(terminal, `   found ${found}`);
    return found;
  }
  const directory = path.join(config.data_dir, 'models');
  const library = await inspection.models(config.models);
  const other = await smallestChatModel(library, { except: path.join(directory, DEMO_FILE), problemOf });
  if (other !== null) {
    say(terminal, `   found ${plain(other.name)}: ${other.path}`);
    return other.path;
  }
  if (flags.offline === true) return writeDemo(terminal, directory);
  const printer = progressPrinter();
  try {
    const announced = once(() =>
      say(
        terminal,
        `   no chat model in ${config.models.dirs.join(', ')} or of another program; downloading a small one (98 MB)`,
      ),
    );
    const onProgress: OnProgress = (event) => {
      announced();
      printer.show(event);
    };
    const model = await downloadModel({ directory, endpoint: config.models.hf_endpoint, onProgress, signal });
    printer.end();
    say(terminal, model.source === 'kept' ? `   found ${model.file}` : `   kept as ${model.file}`);
    return model.file;
  } catch (error) {
    printer.end();
    if (signal.aborted) throw error;
    terminal.warn(`   ${reasonOf(error)}`);
    return writeDemo(terminal, directory);
  }
}

async function givenModel(text: string): Promise<string> {
  if (text === '') throw new Problem('--model is empty: give a model file', EXIT.usage);
  const file = path.resolve(text);
  try {
    await access(file);
    return file;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new Problem(`there is no model file ${file}`, EXIT.notFound);
    throw new Problem(`the model file cannot be read: ${errorWords(error)}`, EXIT.failed);
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}

/** Whether this is the built-in model, which a real one replaces. */
function isDemo(file: string, { config }: LoadedConfig): boolean {
  return file === path.join(config.data_dir, 'models', DEMO_FILE);
}

async function writeDemo(terminal: Terminal, directory: string): Promise<string> {
  const file = path.join(directory, DEMO_FILE);
  await writeDemoModel(file);
  say(
    terminal,
    '   using the built-in demo model: it runs on the real engine, but always answers with the same sentence',
  );
  return file;
}

/** Reports progress; on standard error if the result is for a program. */
function say(terminal: Terminal, text: string): void {
  if (terminal.isJson || terminal.isQuiet) terminal.note(text);
  else terminal.print(text);
}

async function answerOnce(
  terminal: Terminal,
  instance: QuickstartInstance,
  file: string,
  mayReplace: (present: string) => Promise<boolean>,
): Promise<{ model: string; answer: string; tokens_per_second: number | null }> {
  say(terminal, '4. Instance');
  const { instance: started, replaced } = await instance.start(file, mayReplace);
  const { name, pid, port, model_path: model = '' } = started;
  if (replaced !== null) say(terminal, `   changed the model of ${name} from ${plain(replaced)} to ${plain(model)}`);
  if (model !== file) {
    say(terminal, `   ${name} keeps its model ${plain(model)}; for another: llamactl quickstart --model FILE`);
  }
  say(terminal, `   ${name} is running: process ${pid}, port ${port}, ready`);
  say(terminal, `5. Answer\n   you:   ${QUESTION}`);
  const isShown = !terminal.isJson && !terminal.isQuiet;
  if (isShown) terminal.write('   model: ');
  let answer = '';
  const tokensPerSecond = await instance.ask(QUESTION, (text) => {
    answer += text;
    if (isShown) terminal.write(plain(text, 'many lines'));
  });
  say(terminal, `\n   ${tokensPerSecond === null ? '' : `${rateText(tokensPerSecond)} tokens/s`}`);
  return { model, answer, tokens_per_second: tokensPerSecond };
}
