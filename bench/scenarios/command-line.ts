import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runCommand } from '@llamactl/e2e/command-line';
import { MeasuredServer } from '../harness/measured-server.ts';
import { median } from '../harness/sample.ts';
import type { Scenario } from '../harness/scenario.ts';

/** How long a person waits for a verb. */
export const commandLine: Scenario = {
  name: 'command-line',
  title: 'a command line, from Enter to the prompt',
  method:
    'The program as the launcher starts it, with its compile cache, 20 times each verb in turn: `version`, which sends no request, ' +
    '`ps --help`, and `ps` with a server that has ten instances. From the spawn to the end of the process; the median of the 20. ' +
    '`node` is the time of the same Node with an empty program, in the same turns.',
  figures: [
    { key: 'node', what: '`node -e 0`', unit: 'ms' },
    { key: 'version', what: '`llamactl version`', unit: 'ms', most: 120 },
    { key: 'help', what: '`llamactl ps --help`', unit: 'ms', most: 120 },
    { key: 'ps', what: '`llamactl ps`', unit: 'ms' },
    { key: 'complete', what: 'the names that Tab completes', unit: 'ms', most: 150 },
  ],
  limitSeconds: 120,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench);
    await server.start();
    for (let index = 0; index < 10; index += 1)
      await server.create({ name: `example-${index}`, model_path: '/m.gguf' });
    const turns = bench.isQuick ? 2 : 20;
    const environment = { HOME: server.dataDirectory, LLAMACTL_URL: server.url };
    const timed = async (words: readonly string[]): Promise<number> => {
      const begun = performance.now();
      const { status, stderr } = await runCommand(words, environment);
      if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
      return performance.now() - begun;
    };
    const verbs = {
      version: ['version'],
      help: ['ps', '--help'],
      ps: ['ps'],
      complete: ['completion', 'words', 'instance'],
    };
    for (const words of Object.values(verbs)) await timed(words);
    return async () => {
      const times: Record<string, number[]> = { node: [] };
      for (let turn = 0; turn < turns; turn += 1) {
        bench.signal.throwIfAborted();
        times['node']?.push(await timedNode());
        for (const [key, words] of Object.entries(verbs)) (times[key] ??= []).push(await timed(words));
      }
      return Object.fromEntries(Object.entries(times).map(([key, values]) => [key, median(values)]));
    };
  },
};

async function timedNode(): Promise<number> {
  const begun = performance.now();
  await promisify(execFile)(process.execPath, ['-e', '0']);
  return performance.now() - begun;
}
