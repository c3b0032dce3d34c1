import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '@llamactl/cli/quickstart/find-engine';
import { runTool, type ToolOptions } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { reasonOf } from '@llamactl/contract/reason';
import { downloadPackages, unpackPackages, writeLauncher } from './debian-packages.ts';

/** The reverse proxies with a documented configuration, and the command that prints each one's version. */
const PROXIES = {
  nginx: { program: 'usr/sbin/nginx', asks: ['-v'] },
  caddy: { program: 'usr/bin/caddy', asks: ['version'] },
} as const;
export type Proxy = keyof typeof PROXIES;

const RUN: ToolOptions = { environment: { ...process.env, LC_ALL: 'C' } };

/** Path of a proxy for tests, whether or not it exists. */
export function proxyProgram(cache: string, proxy: Proxy): string {
  return path.join(cache, proxy, proxy);
}

/** File with the reason of the last failed installation. */
export function noProxyFile(cache: string, proxy: Proxy): string {
  return path.join(cache, `no-${proxy}`);
}

/**
 * Installs the proxies without root: those that the machine has, else Debian's packages.
 *
 * @returns a report on each
 */
export async function installProxies(cache: string): Promise<string[]> {
  const names = Object.keys(PROXIES) as Proxy[];
  return Promise.all(names.map((proxy) => tellOf(cache, proxy)));
}

async function tellOf(cache: string, proxy: Proxy): Promise<string> {
  try {
    const isNew = await installProxy(cache, proxy);
    await rm(noProxyFile(cache, proxy), { force: true });
    return `${proxy} for tests: ${isNew ? 'just installed' : 'there'}`;
  } catch (error) {
    await writeFile(noProxyFile(cache, proxy), `${reasonOf(error)}\n`);
    return `${proxy} for tests: none; ${reasonOf(error)}`;
  }
}

async function installProxy(cache: string, proxy: Proxy): Promise<boolean> {
  const program = proxyProgram(cache, proxy);
  if (await runs(program, proxy)) return false;
  await using work = await makeWorkFolder(path.dirname(program));
  const built = path.join(work.path, 'built');
  await mkdir(built);
  const own = await presentProxy(proxy);
  if (own === null) {
    const target = { root: built, program: PROXIES[proxy].program, launcher: proxy };
    await unpackPackages(await downloadPackages([proxy], work.path, RUN), target, RUN);
  } else await writeLauncher(path.join(built, proxy), `exec '${own}' "$@"\n`);
  if (!(await runs(path.join(built, proxy), proxy))) throw new Error(`the ${proxy} of this machine does not run`);
  await rm(path.dirname(program), { recursive: true, force: true });
  await rename(built, path.dirname(program));
  return true;
}

/** Daemons are often in folders that only root has on PATH. */
async function presentProxy(proxy: Proxy): Promise<string | null> {
  const own = await findProgram(proxy, `${RUN.environment['PATH'] ?? ''}:/usr/sbin:/usr/bin`);
  return own !== null && (await runs(own, proxy)) ? own : null;
}

async function runs(program: string, proxy: Proxy): Promise<boolean> {
  try {
    await runTool(program, PROXIES[proxy].asks, RUN);
    return true;
  } catch (error) {
    return error instanceof Error ? false : Promise.reject(error);
  }
}
