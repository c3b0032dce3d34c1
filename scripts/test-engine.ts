import { installEngine } from '@llamactl/cli/quickstart/engine-install';
import { reasonOf } from '@llamactl/contract/reason';
import { TEST_ENGINE_DIRECTORY, testEngine } from './test-assets.ts';

/** Installs the real llama-server for tests, or uses that of LLAMACTL_TEST_ENGINE; prints one line about it. */
try {
  if (process.env['LLAMACTL_TEST_ENGINE']) {
    process.stdout.write(`engine for tests: ${testEngine()} (LLAMACTL_TEST_ENGINE)\n`);
  } else {
    let isNew = false;
    const { command, version } = await installEngine({
      directory: TEST_ENGINE_DIRECTORY,
      onProgress: () => {
        isNew = true;
      },
    });
    process.stdout.write(`engine for tests: ${command} ${version}${isNew ? ', just installed' : ''}\n`);
  }
} catch (error) {
  process.stderr.write(
    `${reasonOf(error)}\nTests can use any llama-server: LLAMACTL_TEST_ENGINE=/path/to/llama-server npm test\n`,
  );
  process.exitCode = 1;
}
