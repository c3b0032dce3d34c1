import { reasonOf } from '@llamactl/contract/reason';
import { rm, writeFile } from 'node:fs/promises';
import { CHROMIUM, FIREFOX, installBrowser } from './browser-install.ts';
import { installGo, NoGoError } from './go-install.ts';
import { installProxies } from './proxy-install.ts';
import { CLIENT_PYTHON, installPython, NoPythonError, SDK_PYTHON } from './python-install.ts';
import { installNode, OTHER_NODES } from './runtime-install.ts';
import { CACHE, NO_BROWSER_FILE, NO_FIREFOX_FILE, NO_GO_FILE, NO_PYTHON_FILE } from './test-assets.ts';
import { isLong } from './test-tier.ts';

/**
 * Installs the runtimes for tests: older versions of Node and Chromium for the client library and the page, for the long
 * tier Firefox too; Python's SDKs, Go, and the documented reverse proxies. The browsers, Python, Go and the proxies are not available on every machine; their tests
 * then report that. Without the versions of Node, tests fail. All are installed at once, because each mostly waits for
 * its downloads.
 */
await Promise.all([nodes(), browsers(), python(), go(), proxies()]);

async function nodes(): Promise<void> {
  const installed = await Promise.allSettled(OTHER_NODES.map((version) => installNode(CACHE, version)));
  const failed = installed.filter((each) => each.status === 'rejected');
  for (const { reason } of failed) process.stderr.write(`${reasonOf(reason)}\n`);
  if (failed.length > 0) process.exitCode = 1;
  else process.stdout.write(`Node for tests: ${OTHER_NODES.join(', ')}\n`);
}

async function browsers(): Promise<void> {
  await Promise.all([
    browser('Chromium', CHROMIUM, NO_BROWSER_FILE),
    // Only the long tier needs its 337 MB.
    ...(isLong ? [browser('Firefox', FIREFOX, NO_FIREFOX_FILE)] : []),
  ]);
}

async function browser(name: string, kind: typeof CHROMIUM, reasonFile: string): Promise<void> {
  try {
    const { version, isNew } = await installBrowser(CACHE, kind);
    await rm(reasonFile, { force: true });
    process.stdout.write(`${name} for tests: ${version}${isNew ? ', just installed' : ''}\n`);
  } catch (error) {
    await writeFile(reasonFile, `${reasonOf(error)}\n`);
    process.stdout.write(`${name} for tests: none; ${reasonOf(error)}\n`);
  }
}

async function python(): Promise<void> {
  const install = async (): Promise<string> => {
    const { version, isNew } = await installPython(CACHE, SDK_PYTHON);
    const client = await installPython(CACHE, CLIENT_PYTHON);
    return `${version}${isNew || client.isNew ? ', packages just installed' : ''}`;
  };
  await unlessMissing('Python', { install, missing: NoPythonError, mark: NO_PYTHON_FILE });
}

async function go(): Promise<void> {
  const install = async (): Promise<string> => {
    const { version, isNew } = await installGo(CACHE);
    return `${version}${isNew ? ', just found' : ''}`;
  };
  await unlessMissing('Go', { install, missing: NoGoError, mark: NO_GO_FILE });
}

interface Optional {
  /** Resolves with what was installed. */
  install: () => Promise<string>;
  /** The error of a machine without the language. */
  missing: new (...words: never[]) => Error;
  /** The file that says why its tests are left out. */
  mark: string;
}

/** Installs what tests need of a language, if the machine has the language. Any other failure fails the command. */
async function unlessMissing(language: string, { install, missing, mark }: Optional): Promise<void> {
  try {
    const installed = await install();
    await rm(mark, { force: true });
    process.stdout.write(`${language} for tests: ${installed}\n`);
  } catch (error) {
    if (error instanceof missing) {
      await writeFile(mark, `${reasonOf(error)}\n`);
      process.stdout.write(`${language} for tests: none; ${reasonOf(error)}\n`);
    } else {
      process.stderr.write(`The packages of ${language} for tests cannot be installed: ${reasonOf(error)}\n`);
      process.exitCode = 1;
    }
  }
}

async function proxies(): Promise<void> {
  for (const line of await installProxies(CACHE)) process.stdout.write(`${line}\n`);
}
