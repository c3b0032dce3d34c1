import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { launcherFlags } from '@llamactl/e2e/launcher-flags';
import { SOURCE } from '@llamactl/e2e/program';
import { cannedGateway } from '../harness/canned-gateway.ts';
import { OTHER_CORE } from '../harness/cores.ts';
import { GatewayLoad } from '../harness/gateway-load.ts';
import { type Contender, requestCost } from '../harness/request-cost.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';
import { byTurns, medianOf } from '../harness/turns.ts';

const WITHOUT_REST = pathToFileURL(path.join(import.meta.dirname, '..', 'programs', 'without-rest.ts')).href;
const KILOBYTE = 1_024;

/** What it costs that a connection to an engine rests before it is used again. */
export const gatewayRest: Scenario = {
  name: 'gateway-rest',
  title: 'connections to engines that rest before they are used again',
  method:
    'POST of 1 KB of JSON as in `gateway`, through llamactl as it is, whose connections to the engine rest 5 ms before they are used ' +
    'again, and through one that uses them at once, by turns, on 1 and on 32 connections. The server has one core, engine and callers ' +
    'another. CPU is that of llamactl alone.',
  figures: [
    { key: 'ratio1', what: 'CPU of a request, 1 connection, to that without rest', unit: '×' },
    { key: 'cpu1', what: 'CPU of a request, 1 connection', unit: 'µs' },
    { key: 'ratio32', what: 'CPU of a request, 32 connections, to that without rest', unit: '×' },
    { key: 'cpu32', what: 'CPU of a request, 32 connections', unit: 'µs' },
  ],
  limitSeconds: 180,
  open: async (bench) => {
    // Both from the sources, in one of which the rest is left out.
    const program = [process.execPath, ...launcherFlags(), SOURCE];
    const { llamactl: resting } = await cannedGateway(bench, { program });
    const environment = [`NODE_OPTIONS=--import=${WITHOUT_REST}`];
    const { llamactl: restless } = await cannedGateway(bench, { program, environment });
    const callers = GatewayLoad.start(bench, OTHER_CORE);
    const contenders = { resting, restless, callers };
    // until all of it is compiled, a request costs less with every thousand
    for (const each of [resting, restless]) await cpuOf(bench, each, callers, 32, bench.isQuick ? 0.5 : 15);
    return () => measureOnce(bench, contenders);
  },
};

interface Contenders {
  resting: Contender;
  restless: Contender;
  callers: GatewayLoad;
}

async function measureOnce(bench: Bench, { resting, restless, callers }: Contenders): Promise<Readings> {
  const [rounds, seconds] = bench.isQuick ? [1, 0.5] : [3, 2];
  const turns = (connections: number) =>
    byTurns(rounds, {
      resting: () => cpuOf(bench, resting, callers, connections, seconds),
      restless: () => cpuOf(bench, restless, callers, connections, seconds),
    });
  const one = await turns(1);
  const many = await turns(32);
  return {
    ratio1: medianOf(one, (row) => row.resting / row.restless),
    cpu1: medianOf(one, (row) => row.resting),
    ratio32: medianOf(many, (row) => row.resting / row.restless),
    cpu32: medianOf(many, (row) => row.resting),
  };
}

async function cpuOf(
  { signal }: Bench,
  contender: Contender,
  callers: GatewayLoad,
  connections: number,
  seconds: number,
): Promise<number> {
  signal.throwIfAborted();
  const { cpuMicros } = await requestCost(contender, callers, { connections, bodyBytes: KILOBYTE, seconds });
  return cpuMicros;
}
