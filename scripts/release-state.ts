import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { ownDependencies, statedVersion, type ReleaseState } from './release-checks.ts';

/** Files outside the workspaces with the versions of clients in other languages. */
const OTHERS = ['clients/python/src/llamactl/_version.py', 'clients/go/version.go'];

/**
 * The state of a checkout before a release.
 *
 * @throws {Error} git or a file cannot be read
 */
export async function releaseState(root: string): Promise<ReleaseState> {
  const read = (file: string): Promise<string> => readFile(path.join(root, file), 'utf8');
  const { version, workspaces } = JSON.parse(await read('package.json')) as { version: string; workspaces: string[] };
  const manifests = ['package.json', ...workspaces.map((name) => `${name}/package.json`)];
  const stated = await Promise.all(
    [...manifests, ...OTHERS].map(async (file) => statedVersion(file, await read(file))),
  );
  const needed = await Promise.all(manifests.map(async (file) => ownDependencies(file, await read(file))));
  return {
    version,
    stated: [...stated, ...needed.flat()],
    changelog: await read('CHANGELOG.md'),
    changes: await git(root, 'status', '--porcelain'),
  };
}

/** The output of git. @throws {Error} with git's error output */
export async function git(root: string, ...words: string[]): Promise<string> {
  return (await runTool('git', ['-C', root, ...words], { environment: process.env })).stdout;
}
