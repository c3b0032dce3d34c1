import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { finishedRequest } from '../testing/finished-request.ts';
import { InFlightFile } from './in-flight-file.ts';
import { type RequestRecord, Requests } from './requests.ts';

const LOOK_MS = 2_000;

let folder: string;
let file: string;
let clock: FakeClock;
let requests: Requests;
let inFlight: InFlightFile;
let faults: unknown[];

function open(at = file): InFlightFile {
  return new InFlightFile({
    file: at,
    clock,
    requests: { older: (age, most) => requests.older(age, most), isIdle: () => requests.isIdle },
    onFault: (error) => faults.push(error),
  });
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-in-flight-'));
  file = path.join(folder, 'requests-in-flight.jsonl');
  clock = new FakeClock();
  faults = [];
  requests = new Requests({ clock, onBegin: () => inFlight.stir() });
  inFlight = open();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function begin(id: string): RequestRecord {
  const facts = { id, caller: 'user:ada', instance: 'chat', model: 'chat', door: 'v1', method: 'POST' } as const;
  return requests.begin({ ...facts, path: '/v1/x', stream: true, userAgent: null }, () => undefined);
}

const inFile = (): string[] => readFileSync(file, 'utf8').match(/"id":"[^"]+"/g) ?? [];
const written = async (...ids: string[]): Promise<void> =>
  vi.waitFor(() => expect(inFile()).toEqual(ids.map((id) => `"id":"${id}"`)));

it('gives requests that were in flight an end after the server was killed', async () => {
  begin('long').leased('chat');
  await clock.advance(LOOK_MS);
  await written('long');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [cut, ...more] = await open().read([]);
  expect(more).toEqual([]);
  expect(cut).toMatchObject({ id: 'long', instance: 'chat', outcome: 'broken', status: null, duration: 2 });
  expect(cut?.error).toEqual({ code: null, message: expect.stringContaining('llamactl ended') as unknown });
});

it('does not write short requests, and has no timer when none is in flight', async () => {
  begin('short').end('ok', 200);
  await clock.advance(LOOK_MS);
  expect(existsSync(file)).toBe(false);
  expect(clock.pending).toEqual([]);
});

it('follows requests that come and go, and removes the file after the last one', async () => {
  const first = begin('first');
  await clock.advance(LOOK_MS);
  await written('first');
  const second = begin('second');
  await clock.advance(LOOK_MS);
  await written('first', 'second');
  first.end('ok', 200);
  await clock.advance(LOOK_MS);
  await written('second');
  second.end('ok', 200);
  await clock.advance(LOOK_MS);
  await vi.waitFor(() => expect(existsSync(file)).toBe(false));
});

it('does not list a request again that ended after the last look', async () => {
  const record = begin('r');
  await clock.advance(LOOK_MS);
  await written('r');
  record.end('ok', 200);
  expect(await open().read(requests.finished())).toEqual([]);
});

it('lists another request with the same id', async () => {
  begin('r');
  await clock.advance(LOOK_MS);
  await written('r');
  expect(await open().read([finishedRequest({ id: 'r' })])).toHaveLength(1);
});

it('clears what an earlier server has left, and removes the file at its end', async () => {
  begin('r');
  await clock.advance(LOOK_MS);
  await written('r');
  requests = new Requests({ clock });
  const next = open();
  await next.read([]);
  await clock.advance(LOOK_MS);
  await vi.waitFor(() => expect(existsSync(file)).toBe(false));
  await inFlight.close();
  begin('later');
  await clock.advance(2 * LOOK_MS);
  expect(existsSync(file)).toBe(false);
});

it('leaves the file of the server that took over', async () => {
  const before = inFlight;
  requests = new Requests({ clock, onBegin: () => inFlight.stir() });
  inFlight = open();
  begin('of the next');
  await clock.advance(LOOK_MS);
  await written('of the next');
  await before.close();
  expect(inFile()).toEqual(['"id":"of the next"']);
});

it('writes the oldest 500 of a long queue', async () => {
  for (let count = 0; count < 501; count += 1) begin(`r${count}`);
  await clock.advance(LOOK_MS);
  await vi.waitFor(() => expect(inFile()).toHaveLength(500));
  expect(inFile()[0]).toBe('"id":"r0"');
});

it('reports once that the file cannot be written', async () => {
  inFlight = open(path.join(folder, 'missing', 'file'));
  begin('a');
  await clock.advance(LOOK_MS);
  await vi.waitFor(() => expect(faults).toHaveLength(1));
  begin('b');
  await clock.advance(LOOK_MS);
  await inFlight.close();
  expect(faults).toHaveLength(1);
});
