import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { App, LoadedConfig } from '@llamactl/server/main';
import { endOnSignal } from '../commands/serve.ts';
import { note, print } from '../output.ts';
import { chat } from './chat.ts';
import { writeDemoModel } from './demo-model.ts';
import { installedCommand, installEngine } from './engine-install.ts';
import { findEngine } from './find-engine.ts';
import { findModel } from './find-model.ts';
import { InstanceApi } from './instance-api.ts';
import { downloadModel } from './model-download.ts';
import type { OnProgress } from './progress.ts';
import { progressPrinter } from './progress-printer.ts';

/** Name of the instance that quickstart makes, and finds again. */
const NAME = 'quickstart';
/** As shells report SIGINT: a script must not take an interrupted quickstart for a success. */
const INTERRUPTED = 130;
const QUESTION = 'Name three fruits.';

/** Its flags, as the command line gives them. */
export interface QuickstartFlags {
  config?: string;
  port?: string;
  dataDir?: string;
  model?: string;
  offline: boolean;
  once: boolean;
}

/**
 * The newcomer's one command. Each step says what it does, finds what an earlier run made, and on failure says what to
 * do. Steps before the server is up make only files; Ctrl-C at any moment leaves nothing half made that would be used.
 */
export async function quickstart(flags: QuickstartFlags): Promise<void> {
  const { readConfig, serve, serverLog } = await import('@llamactl/server/main');
  const overrides = { 'server.port': flags.port, data_dir: flags.dataDir };
  const given = Object.entries(overrides).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const loaded = readConfig({
    configFile: flags.config ?? null,
    overrides: Object.fromEntries(given),
    searchLocal: false,
  });
  for (const warning of loaded.warnings) note(`llamactl: ${warning}`);
  await mkdir(loaded.config.data_dir, { recursive: true, mode: 0o700 });

  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  print('1. Engine');
  await getEngine(loaded, interrupt.signal);
  print('2. Model');
  const model = await getModel(flags, loaded, interrupt.signal);
  process.off('SIGINT', onInterrupt);

  print('3. Server');
  const app = await serve(loaded, serverLog('warn'));
  const api = new InstanceApi(app.url);
  // Only what quickstart started: the data directory may hold engines that somebody left running on purpose.
  const end = async (): Promise<void> => {
    await api.stop(NAME);
    await app.close({ stopEngines: false });
  };
  let hasAnswered = false;
  endOnSignal('stopping its engine', end, () => (hasAnswered ? 0 : INTERRUPTED));
  print(`   listening on ${app.url}`);
  try {
    await answerOnce(app, api, model);
    hasAnswered = true;
  } catch (error) {
    await end();
    throw error;
  }
  if (flags.once) await end();
  else printNextSteps(app.url);
}

/** The server looks where this installs to after it has looked on PATH. */
async function getEngine({ config }: LoadedConfig, signal: AbortSignal): Promise<void> {
  const directory = path.join(config.data_dir, 'engines', 'llama_cpp');
  const { command } = config.engines.llama_cpp;
  const found = await findEngine({ command, path: process.env['PATH'], installed: installedCommand(directory) });
  if (found !== null) {
    print(`   found ${found}`);
    return;
  }
  if (command.includes('/')) {
    throw new Error(
      `engines.llama_cpp.command is ${command}, which cannot be run; correct it, or remove it to have one installed`,
    );
  }
  print(`   ${command} was not found; getting llama-server (about 14 MB)`);
  const printer = progressPrinter();
  const installed = await installEngine({ directory, onProgress: printer.show, signal }).finally(printer.end);
  print(`   installed llama-server ${installed.version}`);
}

/** A model that answers: the one named, one of the user's own, a small real one, or the built-in demo. */
async function getModel(flags: QuickstartFlags, { config }: LoadedConfig, signal: AbortSignal): Promise<string> {
  if (flags.model !== undefined) return path.resolve(flags.model);
  const found = await findModel({ directories: config.models.dirs });
  if (found !== null) {
    print(`   found ${found}`);
    return found;
  }
  const directory = path.join(config.data_dir, 'models');
  if (flags.offline) return writeDemo(directory);
  const printer = progressPrinter();
  try {
    const announced = once(() =>
      print(`   no model in ${config.models.dirs.join(', ')}; getting a small real one (98 MB)`),
    );
    const onProgress: OnProgress = (event) => {
      announced();
      printer.show(event);
    };
    const model = await downloadModel({ directory, endpoint: config.models.hf_endpoint, onProgress, signal });
    printer.end();
    print(model.source === 'kept' ? `   found ${model.file}` : `   kept as ${model.file}`);
    return model.file;
  } catch (error) {
    printer.end();
    if (signal.aborted) throw error;
    note(`   ${error instanceof Error ? error.message : String(error)}`);
    return writeDemo(directory);
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}

async function writeDemo(directory: string): Promise<string> {
  const file = path.join(directory, 'demo.gguf');
  await writeDemoModel(file);
  print('   using the built-in demo model: a real file for a real engine, but it only ever says one sentence');
  return file;
}

async function answerOnce(app: App, api: InstanceApi, model: string): Promise<void> {
  print('4. Instance');
  await api.ensure(NAME, model);
  const running = await api.start(NAME);
  print(`   ${NAME} is running: process ${running.pid}, port ${running.port}, ready`);
  print(`5. Answer\n   you:   ${QUESTION}`);
  process.stdout.write('   model: ');
  const { tokensPerSecond } = await chat(app.url, NAME, QUESTION, (text) => process.stdout.write(text));
  print(`\n   ${tokensPerSecond === null ? '' : `${tokensPerSecond.toFixed(0)} tokens/s`}`);
}

function printNextSteps(url: string): void {
  print(`
It works. While this runs, in another terminal:
  curl ${url}/api/instances
  curl ${url}/api/instances/${NAME}
  curl ${url}/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{"model": "${NAME}", "messages": [{"role": "user", "content": "Hello!"}]}'
Every OpenAI client works with base URL ${url}/v1 and model ${NAME}.
Your own models: put .gguf files into ~/models, or create instances with POST ${url}/api/instances.
Ctrl-C ends this server and its engine; \`llamactl serve\` is the server that leaves engines running.`);
}
