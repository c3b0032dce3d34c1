import { setTimeout as pause } from 'node:timers/promises';
import { type Contenders, gatewayContenders } from '../harness/gateway-contenders.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';
import { costOfToken, type Proxy, withProcess } from '../harness/token-cost.ts';
import { exactCpuMs } from '../harness/usage.ts';

/** Rest after a start, so that the work of the start is not counted. */
const AFTER_START_MS = 1_000;
/** Until then the server has shrunk its heap and compiled what it does at rest. */
const UNTIL_WARM_MS = 60_000;
const WINDOW_MS = 10_000;

/** What the server does for itself while one engine runs, and what one stream costs beside it. */
export const oneStream: Scenario = {
  name: 'one-stream',
  title: 'one stream beside what the server does at rest',
  method:
    'llamactl and haproxy as in `gateway`; llamactl is started again before each run. CPU of ten seconds at rest and of a token of one stream of 20 ' +
    'tokens a second for ten seconds, first one second after the start, then a minute after it. CPU of a token includes what the process ' +
    'does for itself meanwhile: measurements every two seconds, checks of the engine, and in the first seconds one large collection.',
  figures: [
    { key: 'restEarly', what: 'CPU of ten seconds at rest, after a start', unit: 'ms' },
    { key: 'restLater', what: 'CPU of ten seconds at rest, a minute later', unit: 'ms' },
    { key: 'tokenLater', what: 'CPU of a token, a minute after the start', unit: 'µs', most: 240 },
    { key: 'haproxyToken', what: 'the same of haproxy', unit: 'µs' },
  ],
  limitSeconds: 240,
  open: async (bench) => {
    const contenders = await gatewayContenders(bench);
    return () => measureOnce(bench, contenders);
  },
};

async function measureOnce(bench: Bench, contenders: Contenders): Promise<Readings> {
  const llamactl = withProcess(await contenders.restart());
  const haproxy = withProcess(contenders.haproxy);
  await rest(bench, AFTER_START_MS);
  const restEarly = await costOfRest(bench, llamactl);
  await rest(bench, UNTIL_WARM_MS);
  return {
    restEarly,
    restLater: await costOfRest(bench, llamactl),
    tokenLater: await costOfToken(bench, llamactl, contenders.load),
    haproxyToken: await costOfToken(bench, haproxy, contenders.load),
  };
}

async function rest({ signal, isQuick }: Bench, milliseconds: number): Promise<void> {
  await pause(isQuick ? milliseconds / 20 : milliseconds, undefined, { signal });
}

/** CPU, milliseconds. */
async function costOfRest(bench: Bench, { pid }: Proxy): Promise<number> {
  const before = exactCpuMs(pid);
  await rest(bench, WINDOW_MS);
  return exactCpuMs(pid) - before;
}
