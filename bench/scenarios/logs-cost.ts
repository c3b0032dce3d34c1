import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Follower } from '../harness/follower.ts';
import { allocatedBytes } from '../harness/log-files.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';
import { consumptionOf, cpuPercent } from '../harness/usage.ts';
import { WRITER_SECTIONS, WritingEngine } from '../harness/writing-engine.ts';

const LINES_PER_SECOND = 100_000;
const LINE_BYTES = 100;
const MB = 1_000_000;
/** Rotates every other second. */
const ROTATING = { max_size_mb: 20, max_total_mb: 60 };
const NOT_ROTATING = { max_size_mb: 100_000, max_total_mb: 1_000_000 };

/** What an engine that writes 100 000 lines a second costs llamactl. */
export const logsCost: Scenario = {
  name: 'logs-cost',
  title: 'an engine that writes 100 000 lines a second',
  method:
    'A program writes 100 000 numbered lines of 100 bytes a second in the form of llama-server, one write each. CPU of ' +
    'llamactl over 10 s, in percent of one core, including its short processes: without followers, with one follower, with ' +
    'three; and over 20 s on a second server that rotates at 20 MB and keeps 60 MB. Followers are processes of their own, ' +
    'read JSON lines as fast as they can, and check that no number is missing and none comes twice.',
  figures: [
    { key: 'pace', what: 'lines written, one follower', unit: 'lines/s' },
    { key: 'received', what: 'lines received meanwhile', unit: 'lines/s' },
    { key: 'alone', what: 'CPU, no follower', unit: '%', most: 2 },
    { key: 'rotating', what: 'CPU, no follower, rotating', unit: '%', most: 5 },
    { key: 'rotatingTools', what: 'of that, in short processes', unit: '%' },
    { key: 'one', what: 'CPU, one follower', unit: '%', most: 30 },
    { key: 'three', what: 'CPU, three followers', unit: '%' },
    { key: 'wrong', what: 'lines lost or repeated', unit: 'lines', most: 0 },
    { key: 'kept', what: 'log on disk after rotating', unit: 'MB' },
    { key: 'memory', what: 'memory with three followers', unit: 'MB' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const plain = await MeasuredServer.create(bench, { ...WRITER_SECTIONS, logs: NOT_ROTATING });
    const rotating = await MeasuredServer.create(bench, { ...WRITER_SECTIONS, logs: ROTATING });
    for (const server of [plain, rotating]) await server.start();
    return async () => ({ ...(await withFollowers(plain, bench)), ...(await whileRotating(rotating, bench)) });
  },
};

async function withFollowers(server: MeasuredServer, bench: Bench): Promise<Readings> {
  const window = bench.isQuick ? 1_000 : 10_000;
  const engine = await WritingEngine.start(server, 'plain');
  await engine.pace(LINES_PER_SECOND);
  const followers: Follower[] = [];
  const measured = async (): Promise<{ cpu: number; pace: number; received: number }> => {
    // what began a moment ago is no part of it
    await pause(window / 5, undefined, { signal: bench.signal });
    const progress = async (): Promise<{ written: number; received: number }> => ({
      written: await engine.written(),
      received: (await followers[0]?.report(0))?.lines ?? 0,
    });
    const before = await progress();
    const used = await consumptionOf(server.pid, () => pause(window, undefined, { signal: bench.signal }));
    const after = await progress();
    const aSecond = (lines: number): number => (lines / used.elapsedMs) * 1_000;
    return {
      cpu: cpuPercent(used),
      pace: aSecond(after.written - before.written),
      received: aSecond(after.received - before.received),
    };
  };
  const follow = async (): Promise<void> => {
    const follower = Follower.start(bench, engine.followUrl);
    followers.push(follower);
    await follower.report(1);
  };

  const alone = await measured();
  await follow();
  const one = await measured();
  await follow();
  await follow();
  const three = await measured();
  const memory = server.usage().residentBytes / MB;
  await engine.pace(0);
  const last = await engine.written();
  const reports = await Promise.all(followers.map((follower) => follower.report(last)));
  for (const follower of followers) await follower.end();
  await engine.remove();
  const wrong = reports.reduce((sum, { lost, repeated, gaps }) => sum + lost + repeated + gaps, 0);
  return { alone: alone.cpu, one: one.cpu, pace: one.pace, received: one.received, three: three.cpu, memory, wrong };
}

async function whileRotating(server: MeasuredServer, bench: Bench): Promise<Readings> {
  const window = bench.isQuick ? 5_000 : 20_000;
  const engine = await WritingEngine.start(server, 'rotating');
  await engine.pace(LINES_PER_SECOND);
  await pause(1_000, undefined, { signal: bench.signal });
  const used = await consumptionOf(server.pid, () => pause(window, undefined, { signal: bench.signal }));
  await engine.pace(0);
  const kept = allocatedBytes(path.join(server.dataDirectory, 'instances'));
  const writtenBytes = (await engine.written()) * LINE_BYTES;
  await engine.remove();
  if (!bench.isQuick && kept > writtenBytes / 2)
    throw new Error('the log was not rotated: the figure would say nothing');
  return {
    rotating: cpuPercent(used),
    rotatingTools: (used.childrenCpuMs / used.elapsedMs) * 100,
    kept: kept / MB,
  };
}
