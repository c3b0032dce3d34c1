import { MeasuredServer } from '../harness/measured-server.ts';
import { percentile } from '../harness/sample.ts';
import type { Scenario } from '../harness/scenario.ts';
import { storeInstances } from '../harness/stored-instances.ts';
import { consumptionOf } from '../harness/usage.ts';

const MB = 1_000_000;

/** The list of a thousand instances. */
export const list: Scenario = {
  name: 'list',
  title: 'the list of 1 000 instances',
  method:
    '`GET /api/instances` with 1 000 stored instances, 1 000 times in a row over one connection that is kept open, after ' +
    '100 warm-up requests. From the first byte sent to the last received; CPU is that of the server.',
  figures: [
    { key: 'p50', what: 'list, p50', unit: 'ms' },
    { key: 'p99', what: 'list, p99', unit: 'ms', most: 10 },
    { key: 'cpu', what: 'CPU of a list', unit: 'ms' },
    { key: 'size', what: 'size of the answer', unit: 'KiB' },
    { key: 'memory', what: 'memory after them', unit: 'MB' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench);
    await server.start();
    await storeInstances(server, bench.isQuick ? 20 : 1_000);
    const requests = bench.isQuick ? 50 : 1_000;
    const ask = () => server.call('GET', '/api/instances');
    return async () => {
      for (let count = 0; count < requests / 10; count += 1) await ask();
      const milliseconds: number[] = [];
      let bytes = 0;
      const { cpuMs } = await consumptionOf(server.pid, async () => {
        for (let count = 0; count < requests; count += 1) {
          const { ms, body } = await ask();
          milliseconds.push(ms);
          bytes = body.length;
        }
      });
      return {
        p50: percentile(milliseconds, 0.5),
        p99: percentile(milliseconds, 0.99),
        cpu: cpuMs / requests,
        size: bytes / 1_024,
        memory: server.usage().residentBytes / MB,
      };
    };
  },
};
