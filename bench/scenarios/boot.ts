import { setTimeout as pause } from 'node:timers/promises';
import { storeInstances } from '../harness/stored-instances.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';

const MB = 1_000_000;

/** Boot, and memory at rest, with a thousand stored instances and with none. */
export const boot: Scenario = {
  name: 'boot',
  title: 'boot and memory at rest with 1 000 stored instances',
  method:
    'From the spawn of the program to the end of its first 200 of `GET /api/instances`, asked every millisecond on a new ' +
    'connection; files are in the page cache. Memory is VmRSS five seconds later. Two servers by turns: one with 1 000 ' +
    'instances in its store, one with none.',
  figures: [
    { key: 'boot', what: 'boot with 1 000 instances', unit: 'ms', most: 600 },
    { key: 'bootEmpty', what: 'boot with none', unit: 'ms' },
    { key: 'memory', what: 'memory at rest with 1 000 instances', unit: 'MB', most: 110 },
    { key: 'memoryEmpty', what: 'memory at rest with none', unit: 'MB' },
    { key: 'bootRatio', what: 'boot: 1 000 against none', unit: '×' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const full = await MeasuredServer.create(bench);
    await full.start();
    await storeInstances(full, bench.isQuick ? 20 : 1_000);
    await full.stop();
    const empty = await MeasuredServer.create(bench);
    return async () => {
      const ofFull = await bootOnce(full, bench);
      const ofEmpty = await bootOnce(empty, bench);
      return {
        boot: ofFull.ms,
        bootEmpty: ofEmpty.ms,
        bootRatio: ofFull.ms / ofEmpty.ms,
        memory: ofFull.memory,
        memoryEmpty: ofEmpty.memory,
      };
    };
  },
};

async function bootOnce(server: MeasuredServer, { isQuick, signal }: Bench): Promise<{ ms: number; memory: number }> {
  const ms = await server.start();
  await pause(isQuick ? 100 : 5_000, undefined, { signal });
  const memory = server.usage().residentBytes / MB;
  await server.stop();
  return { ms, memory };
}
