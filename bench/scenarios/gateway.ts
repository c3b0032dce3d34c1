import { type Contenders, gatewayContenders } from '../harness/gateway-contenders.ts';
import { type Cost, type Load, requestCost } from '../harness/request-cost.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';

type Name = 'direct' | 'haproxy' | 'nginx' | 'caddy' | 'llamactl';
const NAMES: readonly Name[] = ['direct', 'haproxy', 'nginx', 'caddy', 'llamactl'];

const KILOBYTE = 1_024;

/** What a request costs on its way through, beside other proxies. */
export const gateway: Scenario = {
  name: 'gateway',
  title: 'a request through the gateway, beside nginx, haproxy and Caddy',
  method:
    'POST of 1 KB of JSON whose last field is `model`, to an engine that answers at once with 300 bytes: directly, through haproxy, nginx, Caddy (one ' +
    'process each, connections kept, no buffering) and llamactl with accounts on and a key, by turns, on 1, 32 and 256 connections ' +
    'that each send the next request after each answer; 100 KB and 10 MB on 8 and 2 connections. The proxy under test has core 0; engine and callers share core 1. ' +
    'CPU is that of the proxy alone. The other proxies do not parse bodies or look up instances.',
  figures: [
    { key: 'ratio32', what: 'CPU of a request, 32 connections, to that of haproxy', unit: '×', most: 2.78 },
    { key: 'cpu32', what: 'CPU of a request, 32 connections', unit: 'µs' },
    { key: 'haproxy32', what: 'the same of haproxy', unit: 'µs' },
    { key: 'nginx32', what: 'the same of nginx', unit: 'µs' },
    { key: 'caddy32', what: 'the same of Caddy, in Go', unit: 'µs' },
    { key: 'added1', what: 'added to the median, 1 connection', unit: 'ms', most: 0.2 },
    { key: 'haproxyAdded1', what: 'the same of haproxy', unit: 'ms' },
    { key: 'caddyAdded1', what: 'the same of Caddy', unit: 'ms' },
    { key: 'p99of32', what: '99th percentile, 32 connections', unit: 'ms', most: 5 },
    { key: 'caddyP99of32', what: 'the same of Caddy', unit: 'ms' },
    { key: 'ratio256', what: 'CPU of a request, 256 connections, to that of haproxy', unit: '×' },
    { key: 'cpu256', what: 'CPU of a request, 256 connections', unit: 'µs' },
    { key: 'caddy256', what: 'the same of Caddy', unit: 'µs' },
    { key: 'cpuOf100KB', what: 'CPU of a request of 100 KB', unit: 'µs' },
    { key: 'ratioOf100KB', what: 'the same to that of haproxy', unit: '×' },
    { key: 'cpuOf10MB', what: 'CPU of a request of 10 MB', unit: 'ms' },
    { key: 'ratioOf10MB', what: 'the same to that of haproxy', unit: '×' },
  ],
  limitSeconds: 240,
  open: async (bench) => {
    const contenders = await gatewayContenders(bench);
    // until all of it is compiled, a request costs less with every thousand
    await costs(bench, contenders, { connections: 32, bodyBytes: KILOBYTE, seconds: bench.isQuick ? 0.5 : 15 });
    return () => measureOnce(bench, contenders);
  },
};

async function measureOnce(bench: Bench, contenders: Contenders): Promise<Readings> {
  const seconds = bench.isQuick ? 0.5 : 3;
  const of = (connections: number, bodyBytes: number): Promise<Record<Name, Cost>> =>
    costs(bench, contenders, { connections, bodyBytes, seconds });
  const one = await of(1, KILOBYTE);
  const many = await of(32, KILOBYTE);
  const crowd = await of(256, KILOBYTE);
  const large = await of(8, 100 * KILOBYTE);
  const huge = await of(2, 10 * KILOBYTE * KILOBYTE);
  const ratio = ({ llamactl, haproxy }: Record<Name, Cost>): number => llamactl.cpuMicros / haproxy.cpuMicros;
  return {
    ratio32: ratio(many),
    cpu32: many.llamactl.cpuMicros,
    haproxy32: many.haproxy.cpuMicros,
    nginx32: many.nginx.cpuMicros,
    caddy32: many.caddy.cpuMicros,
    added1: one.llamactl.p50Ms - one.direct.p50Ms,
    haproxyAdded1: one.haproxy.p50Ms - one.direct.p50Ms,
    caddyAdded1: one.caddy.p50Ms - one.direct.p50Ms,
    p99of32: many.llamactl.p99Ms,
    caddyP99of32: many.caddy.p99Ms,
    ratio256: ratio(crowd),
    cpu256: crowd.llamactl.cpuMicros,
    caddy256: crowd.caddy.cpuMicros,
    cpuOf100KB: large.llamactl.cpuMicros,
    ratioOf100KB: ratio(large),
    cpuOf10MB: huge.llamactl.cpuMicros / 1_000,
    ratioOf10MB: ratio(huge),
  };
}

async function costs({ signal }: Bench, contenders: Contenders, load: Load): Promise<Record<Name, Cost>> {
  const found: [Name, Cost][] = [];
  for (const name of NAMES) {
    signal.throwIfAborted();
    found.push([name, await requestCost(contenders[name], contenders.load, load)]);
  }
  return Object.fromEntries(found) as Record<Name, Cost>;
}
