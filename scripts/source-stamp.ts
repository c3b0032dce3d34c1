import { ToolError, runTool } from '@llamactl/cli/quickstart/run-tool';
import type { BuildStamp } from '@llamactl/server/build-stamp';

/**
 * The stamp of a package that is built now.
 *
 * `SOURCE_DATE_EPOCH` (seconds) replaces the present time, and `LLAMACTL_BUILD_COMMIT` the commit where git is not
 * available.
 *
 * @param root Of the checkout.
 * @throws {Error} a variable is invalid
 */
export async function sourceStamp(
  root: string,
  environment: NodeJS.ProcessEnv,
  now: Date = new Date(),
): Promise<BuildStamp> {
  const { SOURCE_DATE_EPOCH: epoch, LLAMACTL_BUILD_COMMIT: given } = environment;
  if (epoch !== undefined && epoch !== '' && !/^\d{1,11}$/.test(epoch)) {
    throw new Error(`SOURCE_DATE_EPOCH is "${epoch}", and should be seconds since 1970`);
  }
  const time = epoch === undefined || epoch === '' ? now : new Date(Number(epoch) * 1_000);
  const commit = given === undefined || given === '' ? await commitOf(root, environment) : given;
  if (commit !== null && !/^[0-9a-f]{7,64}(-dirty)?$/.test(commit)) {
    throw new Error(`LLAMACTL_BUILD_COMMIT is "${commit}", and should be the hash of a commit`);
  }
  return { commit, time: time.toISOString() };
}

async function commitOf(root: string, environment: NodeJS.ProcessEnv): Promise<string | null> {
  const git = async (...words: string[]): Promise<string> =>
    (await runTool('git', ['-C', root, ...words], { environment })).stdout.trim();
  try {
    const hash = await git('rev-parse', 'HEAD');
    return (await git('status', '--porcelain')) === '' ? hash : `${hash}-dirty`;
  } catch (error) {
    // No git, or no repository, as in an unpacked archive.
    if (error instanceof ToolError) return null;
    throw error;
  }
}
