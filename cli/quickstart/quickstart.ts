import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { LoadedConfig } from '@llamactl/server/main';
import { TAKE_OVER } from '../commands/serve.ts';
import { endOnSignal } from '../end-on-signal.ts';
import { EXIT } from '../exit-status.ts';
import { logForPerson } from '../instances/log-line.ts';
import { ownProgram } from '../server/own-program.ts';
import { Problem } from '../problem.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';
import { writeDemoModel } from './demo-model.ts';
import { installedCommand, installEngine } from './engine-install.ts';
import { findEngine } from './find-engine.ts';
import { findModel } from './find-model.ts';
import { nextSteps } from './next-steps.ts';
import { QuickstartInstance } from './quickstart-instance.ts';
import { downloadModel } from './model-download.ts';
import type { OnProgress } from './progress.ts';
import { progressPrinter } from './progress-printer.ts';
import { successorDirectory } from '../working-directory.ts';

const QUESTION = 'Name three fruits.';

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
 */
export async function quickstart(terminal: Terminal, flags: QuickstartFlags): Promise<void> {
  const { readConfig, serve, serverLog } = await import('@llamactl/server/main');
  const { Client } = await import('@llamactl/client');
  const overrides = { 'server.port': flags.port, data_dir: flags.dataDir };
  const given = Object.entries(overrides).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const loaded = readConfig({
    configFile: flags.config ?? null,
    overrides: Object.fromEntries(given),
    searchLocal: false,
  });
  for (const warning of loaded.warnings) terminal.warn(`llamactl: ${warning}`);
  if (loaded.config.auth.enabled) throw accountsAreOn(loaded);
  await mkdir(loaded.config.data_dir, { recursive: true, mode: 0o700 });

  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Problem('interrupted', EXIT.interrupted));
  process.once('SIGINT', onInterrupt);
  terminal.print('1. Engine');
  await getEngine(terminal, loaded, interrupt.signal);
  terminal.print('2. Model');
  const model = await getModel(terminal, flags, loaded, interrupt.signal);
  process.off('SIGINT', onInterrupt);

  terminal.print('3. Server');
  const began = process.cwd();
  const service = await serve(loaded, serverLog('warn', logForPerson(terminal)), {
    inheritance: null,
    successor: () => successor(loaded, began),
  });
  process.on('SIGUSR2', () => service.reload());
  void service.over.then((code) => process.exit(code));
  const url = service.first.url + basePathOf(loaded);
  const instance = new QuickstartInstance(new Client(url));
  // Stop only quickstart's own instance: other engines of the data directory may be running on purpose.
  const end = async (): Promise<void> => {
    await instance.stop();
    await service.close({ stopEngines: false });
  };
  let hasAnswered = false;
  endOnSignal({
    announce: (signal) => terminal.warn(`\nllamactl: shutting down on ${signal}; stopping its engine`),
    end,
    // A script must not take an interrupted quickstart for a success.
    exitCode: () => (hasAnswered ? EXIT.ok : EXIT.interrupted),
  });
  terminal.print(`   listening on ${url}`);
  try {
    await answerOnce(terminal, instance, model);
    hasAnswered = true;
  } catch (error) {
    await end();
    throw error;
  }
  if (flags.once === true) await end();
  else terminal.print(`\n${nextSteps(url).join('\n')}`);
}

/** A reload replaces quickstart's server by a plain `serve`. */
function successor({ config, file }: LoadedConfig, began: string): { command: string; argv: string[]; cwd?: string } {
  const flags = ['--config', file ?? '/dev/null', '--data-dir', config.data_dir, '--port', String(config.server.port)];
  const { command, argv } = ownProgram();
  const { flags: place, ...where } = successorDirectory(began);
  return { command, argv: [...argv, 'serve', ...flags, ...place, TAKE_OVER], ...where };
}

/** Quickstart has no credentials, and must not create any. */
function accountsAreOn({ file }: LoadedConfig): Problem {
  const where = file === null ? 'from a variable or flag' : `auth.enabled in ${file}`;
  return new Problem(`accounts are on (${where}), and quickstart has no credentials`, EXIT.failed, [
    'with accounts: run llamactl serve, and in another terminal llamactl login and llamactl run MODEL.gguf',
    'without accounts, on another port: LLAMACTL_AUTH_ENABLED=false llamactl quickstart --config /dev/null --port 8081 --data-dir ~/llamactl-try',
  ]);
}

function basePathOf({ config }: LoadedConfig): string {
  return config.server.base_path.replace(/\/+$/, '');
}

/** Searches the folders that the server searches. */
async function getEngine(terminal: Terminal, { config }: LoadedConfig, signal: AbortSignal): Promise<void> {
  const directory = path.join(config.data_dir, 'engines', 'llama_cpp');
  const { command } = config.engines.llama_cpp;
  const { createInspection } = await import('@llamactl/server/main');
  const { searchPath } = createInspection(config.data_dir);
  const found = await findEngine({ command, path: searchPath, installed: installedCommand(directory) });
  if (found !== null) {
    terminal.print(`   found ${found}`);
    return;
  }
  if (command.includes('/')) {
    throw new Error(
      `engines.llama_cpp.command is ${command}, which is not executable; correct it, or remove it so that quickstart installs an engine`,
    );
  }
  terminal.print(`   ${command} was not found; downloading llama-server (about 14 MB)`);
  const printer = progressPrinter();
  const installed = await installEngine({ directory, onProgress: printer.show, signal }).finally(printer.end);
  terminal.print(`   installed llama-server ${installed.version}`);
}

/** Chooses a model: the named one, one of the user's own, a small real one, or the built-in demo. */
async function getModel(
  terminal: Terminal,
  flags: QuickstartFlags,
  { config }: LoadedConfig,
  signal: AbortSignal,
): Promise<string> {
  if (flags.model !== undefined) return path.resolve(flags.model);
  const found = await findModel({ directories: config.models.dirs });
  if (found !== null) {
    terminal.print(`   found ${found}`);
    return found;
  }
  const directory = path.join(config.data_dir, 'models');
  if (flags.offline === true) return writeDemo(terminal, directory);
  const printer = progressPrinter();
  try {
    const announced = once(() =>
      terminal.print(`   no model in ${config.models.dirs.join(', ')}; downloading a small one (98 MB)`),
    );
    const onProgress: OnProgress = (event) => {
      announced();
      printer.show(event);
    };
    const model = await downloadModel({ directory, endpoint: config.models.hf_endpoint, onProgress, signal });
    printer.end();
    terminal.print(model.source === 'kept' ? `   found ${model.file}` : `   kept as ${model.file}`);
    return model.file;
  } catch (error) {
    printer.end();
    if (signal.aborted) throw error;
    terminal.warn(`   ${error instanceof Error ? error.message : String(error)}`);
    return writeDemo(terminal, directory);
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}

async function writeDemo(terminal: Terminal, directory: string): Promise<string> {
  const file = path.join(directory, 'demo.gguf');
  await writeDemoModel(file);
  terminal.print(
    '   using the built-in demo model: it runs on the real engine, but always answers with the same sentence',
  );
  return file;
}

async function answerOnce(terminal: Terminal, instance: QuickstartInstance, model: string): Promise<void> {
  terminal.print('4. Instance');
  const { name, pid, port } = await instance.start(model);
  terminal.print(`   ${name} is running: process ${pid}, port ${port}, ready`);
  terminal.print(`5. Answer\n   you:   ${QUESTION}`);
  terminal.write('   model: ');
  const tokensPerSecond = await instance.ask(QUESTION, (text) => terminal.write(plain(text, 'many lines')));
  terminal.print(`\n   ${tokensPerSecond === null ? '' : `${tokensPerSecond.toFixed(0)} tokens/s`}`);
}
