import path from 'node:path';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { BareEngine } from '../harness/bare-engine.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Scenario } from '../harness/scenario.ts';
import { byTurns, medianOf } from '../harness/turns.ts';
import { usageOf } from '../harness/usage.ts';

const NAME = 'measured';

/** What a start through llamactl takes longer than the engine itself. */
export const start: Scenario = {
  name: 'start',
  title: 'start → running against the bare engine',
  method:
    'The time of `POST …/start?wait=true` with the real llama-server and a model of 2 MB, against the same argv spawned ' +
    'directly and asked for `/health` every millisecond on a new connection until it answers 200. Twenty pairs a run, by ' +
    'turns; the overhead is the median of the differences pair by pair.',
  figures: [
    { key: 'llamactl', what: 'through llamactl', unit: 'ms' },
    { key: 'bare', what: 'the bare engine', unit: 'ms' },
    { key: 'overhead', what: 'overhead', unit: 'ms', most: 40 },
    { key: 'ratio', what: 'ratio', unit: '×' },
    { key: 'cpu', what: 'CPU of llamactl for a start', unit: 'ms' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench);
    await server.start();
    const { port } = await server.create({ name: NAME, model_path: await testModel(), options: { threads: 1 } });
    const [, ...argv] = (await server.instance(NAME)).effective_command;
    const log = path.join(server.dataDirectory, 'bare-engine.log');
    const pairs = bench.isQuick ? 2 : 20;

    const throughLlamactl = async (): Promise<number> => {
      const { ms } = await server.call('POST', `/api/instances/${NAME}/start?wait=true`);
      return ms;
    };
    const stop = () => server.call('POST', `/api/instances/${NAME}/stop?wait=true`);
    const bareEngine = async (): Promise<number> => {
      const before = performance.now();
      const engine = BareEngine.launch(bench, [testEngine(), ...argv], port, log);
      await engine.ready(1);
      const ms = performance.now() - before;
      await engine.end();
      return ms;
    };

    // the first of each reads files and compiles code
    await throughLlamactl();
    await stop();
    await bareEngine();
    return async () => {
      let cpuMs = 0;
      const rows = await byTurns(pairs, {
        llamactl: async () => {
          const before = usageOf(server.pid).cpuMs;
          const ms = await throughLlamactl();
          cpuMs += usageOf(server.pid).cpuMs - before;
          await stop();
          return ms;
        },
        bare: bareEngine,
      });
      return {
        llamactl: medianOf(rows, ({ llamactl }) => llamactl),
        bare: medianOf(rows, ({ bare }) => bare),
        overhead: medianOf(rows, ({ llamactl, bare }) => llamactl - bare),
        ratio: medianOf(rows, ({ llamactl, bare }) => llamactl / bare),
        cpu: cpuMs / pairs,
      };
    };
  },
};
