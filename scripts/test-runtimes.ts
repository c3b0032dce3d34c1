import { rm, writeFile } from 'node:fs/promises';
import { messageOf } from '@llamactl/cli/quickstart/run-tool';
import { installBrowser } from './browser-install.ts';
import { installNode, OTHER_NODES } from './runtime-install.ts';
import { CACHE, NO_BROWSER_FILE } from './test-assets.ts';

/**
 * Gets what the client library is tested on: older versions of Node, and Chromium. Without the first there is no test;
 * a Chromium cannot be had on every machine, and its test says so then.
 */
const nodes = await Promise.allSettled(OTHER_NODES.map((version) => installNode(CACHE, version)));
const failed = nodes.filter((each) => each.status === 'rejected');
for (const { reason } of failed) process.stderr.write(`${messageOf(reason)}\n`);
if (failed.length > 0) process.exitCode = 1;
else process.stdout.write(`Node for tests: ${OTHER_NODES.join(', ')}\n`);

try {
  const { version, isNew } = await installBrowser(CACHE);
  await rm(NO_BROWSER_FILE, { force: true });
  process.stdout.write(`Chromium for tests: ${version}${isNew ? ', just installed' : ''}\n`);
} catch (error) {
  await writeFile(NO_BROWSER_FILE, `${messageOf(error)}\n`);
  process.stdout.write(`Chromium for tests: none; ${messageOf(error)}\n`);
}
