import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { browserProgram } from './browser-install.ts';
import { goProgram } from './go-install.ts';
import { noProxyFile, type Proxy, proxyProgram } from './proxy-install.ts';
import { CLIENT_PYTHON, pythonPackages, pythonProgram, SDK_PYTHON } from './python-install.ts';
import { nodeProgram } from './runtime-install.ts';
import { demoModelBytes, writeDemoModel } from '@llamactl/cli/quickstart/demo-model';
import { installedCommand } from '@llamactl/cli/quickstart/engine-install';

/** What tests need and git does not keep. */
export const CACHE = path.join(import.meta.dirname, '..', '.cache');

/** Where `npm run engine` puts the llama-server for tests; ignored by git and kept between runs. */
export const TEST_ENGINE_DIRECTORY = path.join(CACHE, 'llama-server');

/**
 * The real llama-server for tests: the one that LLAMACTL_TEST_ENGINE names, else the one that `npm run engine` got.
 *
 * @throws {Error} that says how to get one
 */
export function testEngine(): string {
  const override = process.env['LLAMACTL_TEST_ENGINE'];
  const command = override ? path.resolve(override) : installedCommand(TEST_ENGINE_DIRECTORY);
  try {
    accessSync(command, constants.X_OK);
    if (!statSync(command).isFile()) throw new Error('not a file');
    return command;
  } catch (error) {
    const remedy = override ? 'Correct LLAMACTL_TEST_ENGINE, or unset it and run' : 'Run';
    throw new Error(`The tests have no llama-server: ${command} cannot be run. ${remedy} \`npm run engine\`.`, {
      cause: error,
    });
  }
}

/**
 * The path of a real model (the demo model, which always says DEMO_SENTENCE), written by the first test that asks. Many
 * processes may ask at once: each looks at the whole file, and a new one takes its name in one step.
 */
export async function testModel(): Promise<string> {
  const file = path.join(CACHE, 'demo-model.gguf');
  await mkdir(CACHE, { recursive: true });
  const present = await readFile(file).catch(() => null);
  // an older version of the model in the cache is not the one the tests know
  if (!present?.equals(demoModelBytes())) await writeDemoModel(file);
  return file;
}

/** Why there is no Chromium, as `npm run runtimes` found. */
export const NO_BROWSER_FILE = path.join(CACHE, 'no-chromium');

/** Why there is no Python, as `npm run runtimes` found. */
export const NO_PYTHON_FILE = path.join(CACHE, 'no-python');

/**
 * Another version of Node, for the client library.
 *
 * @throws {Error} that says how to get it
 */
export function testNode(version: string): string {
  const program = nodeProgram(CACHE, version);
  if (isProgram(program)) return program;
  throw new Error(`The tests have no Node ${version}. Run \`npm run runtimes\`.`);
}

/**
 * A Chromium: the one that LLAMACTL_TEST_BROWSER names, else the one that `npm run runtimes` got; or the reason why this
 * machine can have none.
 *
 * @throws {Error} that says how to get one, when nobody has tried
 */
export function testBrowser(): { program: string } | { missing: string } {
  return programOr('Chromium', process.env['LLAMACTL_TEST_BROWSER'] ?? browserProgram(CACHE), NO_BROWSER_FILE);
}

/**
 * A Python with the packages that tests need; or the reason why this machine can have none.
 *
 * @throws {Error} that says how to get one, when nobody has tried
 */
export function testPython(): { program: string } | { missing: string } {
  return programOr('Python', pythonProgram(CACHE, SDK_PYTHON), NO_PYTHON_FILE);
}

/**
 * A Python with what the Python client needs and is tested with, and a folder of these packages; or the reason why this
 * machine can have none.
 *
 * @throws {Error} that says how to get one, when nobody has tried
 */
export function testClientPython(): { program: string; packages: string } | { missing: string } {
  const python = programOr('Python', pythonProgram(CACHE, CLIENT_PYTHON), NO_PYTHON_FILE);
  return 'missing' in python ? python : { ...python, packages: pythonPackages(CACHE, CLIENT_PYTHON) };
}

/**
 * A reverse proxy; or the reason why this machine can have none.
 *
 * @throws {Error} that says how to get one, when nobody has tried
 */
export function testProxy(proxy: Proxy): { program: string } | { missing: string } {
  return programOr(proxy, proxyProgram(CACHE, proxy), noProxyFile(CACHE, proxy));
}

/** Why there is no Go, as `npm run runtimes` found. */
export const NO_GO_FILE = path.join(CACHE, 'no-go');

/**
 * A Go that can build the client; or the reason why this machine can have none.
 *
 * @throws {Error} that says how to get one, when nobody has tried
 */
export function testGo(): { program: string } | { missing: string } {
  return programOr('Go', goProgram(CACHE), NO_GO_FILE);
}

function programOr(what: string, program: string, reasonFile: string): { program: string } | { missing: string } {
  if (isProgram(program)) return { program };
  try {
    return { missing: `no ${what}: ${readFileSync(reasonFile, 'utf8').trim()}` };
  } catch (error) {
    throw new Error(`The tests have no ${what}: ${program} cannot be run. Run \`npm run runtimes\`.`, {
      cause: error,
    });
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
