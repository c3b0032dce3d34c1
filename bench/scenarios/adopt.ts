import { InstanceListSchema } from '@llamactl/contract/instance';
import type { MeasuredServer } from '../harness/measured-server.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { tinyFleet } from '../harness/tiny-fleet.ts';
import { byTurns, medianOf } from '../harness/turns.ts';

/** How long a server takes that finds its engines running. */
export const adopt: Scenario = {
  name: 'adopt',
  title: 'server start → all engines adopted',
  method:
    'From the spawn of the program to the end of the first `GET /api/instances`, asked every millisecond on a new connection, ' +
    'that lists all engines as running: 1, 10 and 100 of them (a small program that only answers its health check), and none. ' +
    'Four servers by turns, each of which was ended by SIGTERM before while its engines went on; every engine has to have the ' +
    'pid that it had. Three rounds a run; what an adoption adds is the median of the differences to the server with none, ' +
    'round by round.',
  figures: [
    { key: 'none', what: 'start with no engine', unit: 'ms' },
    { key: 'one', what: 'start → adopted, 1 engine', unit: 'ms' },
    { key: 'ten', what: 'start → adopted, 10 engines', unit: 'ms' },
    { key: 'hundred', what: 'start → adopted, 100 engines', unit: 'ms', most: 500 },
    { key: 'ratio', what: '100 engines, to none', unit: '×' },
    { key: 'added', what: 'what 100 engines add', unit: 'ms' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const none = await fleetOf(bench, 0);
    const one = await fleetOf(bench, 1);
    const ten = await fleetOf(bench, bench.isQuick ? 2 : 10);
    const hundred = await fleetOf(bench, bench.isQuick ? 5 : 100);
    return async () => {
      const rows = await byTurns(bench.isQuick ? 1 : 3, { none, one, ten, hundred });
      return {
        none: medianOf(rows, (row) => row.none),
        one: medianOf(rows, (row) => row.one),
        ten: medianOf(rows, (row) => row.ten),
        hundred: medianOf(rows, (row) => row.hundred),
        ratio: medianOf(rows, (row) => row.hundred / row.none),
        added: medianOf(rows, (row) => row.hundred - row.none),
      };
    };
  },
};

/** Engines that run on, and what measures a start of their server. */
async function fleetOf(bench: Bench, engines: number): Promise<() => Promise<number>> {
  const server = await tinyFleet(bench, engines);
  const before = await pidsOf(server, engines);
  await server.stop();
  return async () => {
    const ms = await server.start((body) => runningIn(body) === engines);
    if (String(await pidsOf(server, engines)) !== String(before)) throw new Error('an engine was not adopted');
    await server.stop();
    return ms;
  };
}

function runningIn(body: Buffer): number {
  const { instances } = InstanceListSchema.parse(JSON.parse(body.toString()));
  return instances.filter(({ status }) => status === 'running').length;
}

async function pidsOf(server: MeasuredServer, engines: number): Promise<(number | null)[]> {
  const pids: (number | null)[] = [];
  for (let index = 0; index < engines; index += 1) pids.push((await server.instance(`tiny-${index}`)).pid);
  return pids;
}
