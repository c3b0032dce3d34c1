import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '../harness/connection.ts';
import { type Contenders, gatewayContenders } from '../harness/gateway-contenders.ts';
import type { Contender } from '../harness/request-cost.ts';
import { median } from '../harness/sample.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';
import { costOfToken, type Proxy, withProcess } from '../harness/token-cost.ts';
import { exactCpuMs } from '../harness/usage.ts';

/** Pad of a request's body, so that it has 1 KB. */
const PAD = 'x'.repeat(980);
const FIRST = 20;
const NEXT = 80;
const STREAMS = 5;
/** Rest after a start, so that the work of the start is not counted to requests. */
const REST_MS = 1_000;

/** What a proxy costs that has just started, which is what a home server has: some requests an hour. */
export const firstRequests: Scenario = {
  name: 'first-requests',
  title: 'the first hundred requests after a start, beside haproxy and Caddy',
  method:
    'llamactl (as in `gateway`) is started again before each of the three parts, and rests for a second. Requests of 1 KB of JSON, one after the other ' +
    'on one connection: CPU of the first 20, of the next 80. Five streams, each on a connection of its own: median from the first step of connecting to the first ' +
    'byte, without that of the direct way. One stream of 20 tokens a second: CPU of a token, ten seconds from its begin. The others are not started again: they ' +
    'compile nothing. CPU is read to the nanosecond.',
  figures: [
    { key: 'cpuFirst', what: 'CPU of requests 1 to 20, each', unit: 'ms', most: 0.9 },
    { key: 'cpuNext', what: 'CPU of requests 21 to 100, each', unit: 'ms', most: 0.7 },
    { key: 'haproxy', what: 'CPU of haproxy, each of 100', unit: 'ms' },
    { key: 'caddyFirst', what: 'CPU of Caddy, in Go, each of its first 20', unit: 'ms' },
    { key: 'caddyNext', what: 'each of its next 80', unit: 'ms' },
    { key: 'firstByte', what: 'added to the first byte of an early stream', unit: 'ms', most: 1.8 },
    { key: 'haproxyFirstByte', what: 'the same of haproxy', unit: 'ms' },
    { key: 'caddyFirstByte', what: 'the same of Caddy', unit: 'ms' },
    { key: 'token', what: 'CPU of a token, one stream', unit: 'µs', most: 240 },
    { key: 'haproxyToken', what: 'the same of haproxy', unit: 'µs' },
    { key: 'caddyToken', what: 'the same of Caddy', unit: 'µs' },
  ],
  limitSeconds: 240,
  open: async (bench) => {
    const contenders = await gatewayContenders(bench);
    return () => measureOnce(bench, contenders);
  },
};

async function measureOnce(bench: Bench, contenders: Contenders): Promise<Readings> {
  const { direct } = contenders;
  const haproxy = withProcess(contenders.haproxy);
  const caddy = withProcess(contenders.caddy);
  const fresh = async (): Promise<Proxy> => {
    bench.signal.throwIfAborted();
    const contender = withProcess(await contenders.restart());
    await pause(REST_MS, undefined, { signal: bench.signal });
    return contender;
  };
  const ofRequests = await costOfRequests(await fresh());
  const haproxyRequests = await costOfRequests(haproxy);
  const caddyRequests = await costOfRequests(caddy);
  const directFirstByte = await untilFirstBytes(direct);
  const firstByte = await untilFirstBytes(await fresh());
  const haproxyFirstByte = await untilFirstBytes(haproxy);
  const caddyFirstByte = await untilFirstBytes(caddy);
  return {
    cpuFirst: ofRequests.first,
    cpuNext: ofRequests.next,
    caddyFirst: caddyRequests.first,
    caddyNext: caddyRequests.next,
    haproxy: (haproxyRequests.first * FIRST + haproxyRequests.next * NEXT) / (FIRST + NEXT),
    firstByte: firstByte - directFirstByte,
    haproxyFirstByte: haproxyFirstByte - directFirstByte,
    caddyFirstByte: caddyFirstByte - directFirstByte,
    token: await costOfToken(bench, await fresh(), contenders.load),
    haproxyToken: await costOfToken(bench, haproxy, contenders.load),
    caddyToken: await costOfToken(bench, caddy, contenders.load),
  };
}

/** CPU of a request, milliseconds. */
async function costOfRequests({ pid, place }: Proxy): Promise<{ first: number; next: number }> {
  const connection = await Connection.open(place.port, place.fields);
  const costOf = async (count: number): Promise<number> => {
    const before = exactCpuMs(pid);
    for (let sent = 0; sent < count; sent += 1) {
      const { status } = await connection.request('POST', place.path, { pad: PAD, model: 'canned' });
      if (status !== 200) throw new Error(`a request was answered with ${status}`);
    }
    return (exactCpuMs(pid) - before) / count;
  };
  try {
    return { first: await costOf(FIRST), next: await costOf(NEXT) };
  } finally {
    connection.close();
  }
}

/** Median of some streams, milliseconds. */
async function untilFirstBytes(contender: Contender): Promise<number> {
  const times: number[] = [];
  for (let opened = 0; opened < STREAMS; opened += 1) times.push(await untilFirstByte(contender));
  return median(times);
}

async function untilFirstByte({ place: { port, path, fields } }: Contender): Promise<number> {
  const content = JSON.stringify({ pad: PAD, stream: true, model: 'canned' });
  const start = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}Content-Type: application/json\r\n` +
      `Content-Length: ${content.length}\r\n\r\n${content}`,
  );
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  const ms = performance.now() - start;
  socket.destroy();
  if (!bytes.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(`no stream: ${bytes.toString('latin1')}`);
  return ms;
}
