import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUILD_TIME, COMMIT, VERSION } from '@llamactl/server/version';
import { CommandSandbox } from '../testing/command-run.ts';

let sandbox: CommandSandbox;
beforeEach(() => {
  sandbox = new CommandSandbox();
});
afterEach(() => sandbox.dispose());

describe('llamactl version', () => {
  it('prints the version, the commit and the build time', async () => {
    const commit = COMMIT === null ? '' : `commit ${COMMIT.slice(0, 12)}, `;
    expect((await sandbox.run(['version'])).stdout).toBe(`llamactl ${VERSION} (${commit}built ${BUILD_TIME})\n`);
  });

  it('prints the full commit and the Node version with --json', async () => {
    const { stdout } = await sandbox.run(['version', '--json']);
    const { node } = process.versions;
    expect(JSON.parse(stdout)).toEqual({ version: VERSION, commit: COMMIT, build_time: BUILD_TIME, node });
  });

  it('prints only the version with -q', async () => {
    expect((await sandbox.run(['version', '-q'])).stdout).toBe(`${VERSION}\n`);
  });
});
