import { connect, type Socket } from 'node:net';

/**
 * Callers of a gateway, which get commands over IPC: requests one after the other on many connections for a while, or many
 * streams whose tokens are timed. Knows only as much of HTTP as the engine of `canned-engine.ts` says.
 */

/** Where requests go. */
interface Place {
  port: number;
  path: string;
  /** Header lines, each with its end. */
  fields: string;
}
export type Command =
  | { kind: 'requests'; place: Place; connections: number; bodyBytes: number; seconds: number }
  | { kind: 'open'; place: Place; streams: number }
  | { kind: 'listen'; seconds: number }
  | { kind: 'close' };
export interface Report {
  /** Requests answered, or tokens that came. */
  count: number;
  /** Of a request, or of a token from when the engine wrote it. */
  p50Ms: number;
  p99Ms: number;
  failure: string | null;
}

const ANSWER_END = Buffer.from('"}');
const SENT = /"sent":(\d+)/g;
/** Connections that are opened at a time: few enough that no listen queue overflows. */
const AT_A_TIME = 50;

let streams: Socket[] = [];
let latencies: number[] = [];
let failure: string | null = null;
let isListening = false;

function requestText({ path, fields }: Place, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function bodyOf(bytes: number): string {
  const body = (content: string): string => JSON.stringify({ messages: [{ role: 'user', content }], model: 'canned' });
  return body('x'.repeat(Math.max(0, bytes - body('').length)));
}

/** Asks again and again until `signal` fires. */
function ask({ port }: Place, request: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let start = 0;
    let answer = '';
    const send = (): void => {
      start = performance.now();
      answer = '';
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1');
      if (!bytes.subarray(-ANSWER_END.length).equals(ANSWER_END)) return;
      if (!answer.startsWith('HTTP/1.1 200')) failure ??= answer;
      latencies.push(performance.now() - start);
      if (signal.aborted || failure !== null) socket.destroy();
      else send();
    });
    socket.on('error', (error) => (failure ??= error.message));
    socket.on('close', () => {
      if (!signal.aborted) failure ??= 'a connection was closed';
      resolve();
    });
  });
}

async function requests({ place, connections, bodyBytes, seconds }: Command & { kind: 'requests' }): Promise<void> {
  const request = Buffer.from(requestText(place, bodyOf(bodyBytes)));
  const signal = AbortSignal.timeout(seconds * 1_000);
  await Promise.all(Array.from({ length: connections }, () => ask(place, request, signal)));
}

function openStream(place: Place): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port: place.port, host: '127.0.0.1', noDelay: true });
    socket.write(requestText(place, '{"model":"canned","stream":true}'));
    socket.on('error', (error) => (failure ??= error.message));
    socket.on('close', () => {
      if (streams.includes(socket)) failure ??= 'a stream broke off';
      resolve();
    });
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      if (text.startsWith('HTTP/1.1') && !text.startsWith('HTTP/1.1 200')) failure ??= text;
      resolve();
      if (!isListening) return;
      const now = process.hrtime.bigint();
      for (const [, sent = '0'] of text.matchAll(SENT)) latencies.push(Number(now - BigInt(sent)) / 1e6);
    });
    streams.push(socket);
  });
}

function report(): Report {
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), failure };
}

async function obey(command: Command): Promise<Report> {
  latencies = [];
  failure = null;
  switch (command.kind) {
    case 'requests':
      await requests(command);
      break;
    case 'open':
      for (let first = 0; first < command.streams; first += AT_A_TIME) {
        const count = Math.min(AT_A_TIME, command.streams - first);
        await Promise.all(Array.from({ length: count }, () => openStream(command.place)));
      }
      break;
    case 'listen':
      isListening = true;
      await new Promise((resolve) => {
        setTimeout(resolve, command.seconds * 1_000);
      });
      isListening = false;
      break;
    case 'close': {
      const open = streams;
      streams = [];
      for (const socket of open) socket.destroy();
    }
  }
  return report();
}

process.on('message', (command: Command) => void obey(command).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit(0));
