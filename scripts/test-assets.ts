import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { browserProgram, CHROMIUM, FIREFOX } from './browser-install.ts';
import { goProgram } from './go-install.ts';
import { noProxyFile, type Proxy, proxyProgram } from './proxy-install.ts';
import { CLIENT_PYTHON, pythonPackages, pythonProgram, SDK_PYTHON } from './python-install.ts';
import { nodeProgram } from './runtime-install.ts';
import { demoModelBytes, writeDemoModel } from '@llamactl/cli/quickstart/demo-model';
import { encodeGguf } from '@llamactl/cli/quickstart/gguf-file';
import { installedCommand } from '@llamactl/cli/quickstart/engine-install';

/** Test files that git does not keep. */
export const CACHE = path.join(import.meta.dirname, '..', '.cache');

/** Folder of the llama-server that `npm run engine` installs; ignored by git, kept between runs. */
export const TEST_ENGINE_DIRECTORY = path.join(CACHE, 'llama-server');

/**
 * The real llama-server for tests: that of LLAMACTL_TEST_ENGINE, else that of `npm run engine`.
 *
 * @throws {Error} with the command to install one
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
 * The path of a real model (the demo model, which always answers DEMO_SENTENCE). The first caller writes it. Parallel
 * processes are safe: each checks the whole file, and a new one is renamed atomically.
 */
export async function testModel(): Promise<string> {
  const file = path.join(CACHE, 'demo-model.gguf');
  await mkdir(CACHE, { recursive: true });
  const present = await readFile(file).catch(() => null);
  // the cache may have an older version of the model
  if (!present?.equals(demoModelBytes())) await writeDemoModel(file);
  return file;
}

/** A complete model file whose architecture no engine knows. */
export function unknownModel(): Buffer {
  return encodeGguf(new Map([['general.architecture', { type: 'string', value: 'llamactl-test' }]]), []);
}

/** File with the reason why `npm run runtimes` found no Chromium. */
export const NO_BROWSER_FILE = path.join(CACHE, 'no-chromium');

/** File with the reason why `npm run runtimes` found no Firefox. */
export const NO_FIREFOX_FILE = path.join(CACHE, 'no-firefox');

/** File with the reason why `npm run runtimes` found no Python. */
export const NO_PYTHON_FILE = path.join(CACHE, 'no-python');

/**
 * Another version of Node, for the client library.
 *
 * @throws {Error} with the command to install it
 */
export function testNode(version: string): string {
  const program = nodeProgram(CACHE, version);
  if (isProgram(program)) return program;
  throw new Error(`The tests have no Node ${version}. Run \`npm run runtimes\`.`);
}

/**
 * A Chromium: that of LLAMACTL_TEST_BROWSER, else that of `npm run runtimes`; or the reason why this machine has none.
 *
 * @throws {Error} with the command to install one, if it was never tried
 */
export function testBrowser(): { program: string } | { missing: string } {
  return programOr(
    'Chromium',
    process.env['LLAMACTL_TEST_BROWSER'] ?? browserProgram(CACHE, CHROMIUM),
    NO_BROWSER_FILE,
  );
}

/**
 * The Firefox of `npm run runtimes`; or the reason why this machine has none.
 *
 * @throws {Error} with the command to install one, if it was never tried
 */
export function testFirefox(): { program: string } | { missing: string } {
  return programOr('Firefox', browserProgram(CACHE, FIREFOX), NO_FIREFOX_FILE);
}

/**
 * A Python with the packages for tests; or the reason why this machine has none.
 *
 * @throws {Error} with the command to install one, if it was never tried
 */
export function testPython(): { program: string } | { missing: string } {
  return programOr('Python', pythonProgram(CACHE, SDK_PYTHON), NO_PYTHON_FILE);
}

/**
 * A Python with the packages of the Python client and its tests, and a folder of these packages; or the reason why this
 * machine has none.
 *
 * @throws {Error} with the command to install one, if it was never tried
 */
export function testClientPython(): { program: string; packages: string } | { missing: string } {
  const python = programOr('Python', pythonProgram(CACHE, CLIENT_PYTHON), NO_PYTHON_FILE);
  return 'missing' in python ? python : { ...python, packages: pythonPackages(CACHE, CLIENT_PYTHON) };
}

/**
 * A reverse proxy; or the reason why this machine has none.
 *
 * @throws {Error} with the command to install one, if it was never tried
 */
export function testProxy(proxy: Proxy): { program: string } | { missing: string } {
  return programOr(proxy, proxyProgram(CACHE, proxy), noProxyFile(CACHE, proxy));
}

/** File with the reason why `npm run runtimes` found no Go. */
export const NO_GO_FILE = path.join(CACHE, 'no-go');

/**
 * A Go that can build the client; or the reason why this machine has none.
 *
 * @throws {Error} with the command to install one, if it was never tried
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
