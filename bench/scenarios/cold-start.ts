import path from 'node:path';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { BareEngine } from '../harness/bare-engine.ts';
import { untilFirstByte } from '../harness/first-byte.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Scenario } from '../harness/scenario.ts';
import { byTurns, medianOf } from '../harness/turns.ts';

const NAME = 'measured';

/** What the first request to a stopped instance waits for that is not the engine. */
export const coldStart: Scenario = {
  name: 'cold-start',
  title: 'the first byte of a stopped instance against the bare engine',
  method:
    'A streamed completion for an instance that is stopped, on a new connection, until the first byte of its answer; against ' +
    'the same argv spawned directly, asked for `/health` every millisecond on a new connection until it answers 200, and then ' +
    'for the same completion. The real llama-server with a model of 2 MB. Twenty pairs a run, by turns; what is added is the ' +
    'median of the differences pair by pair.',
  figures: [
    { key: 'llamactl', what: 'through llamactl', unit: 'ms' },
    { key: 'bare', what: 'the bare engine', unit: 'ms' },
    { key: 'added', what: 'added', unit: 'ms', most: 20 },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench);
    await server.start();
    const { port } = await server.create({ name: NAME, model_path: await testModel(), options: { threads: 1 } });
    const [, ...argv] = (await server.instance(NAME)).effective_command;
    const log = path.join(server.dataDirectory, 'bare-engine.log');
    const stop = () => server.call('POST', `/api/instances/${NAME}/stop?wait=true`);

    const throughLlamactl = async (): Promise<number> => {
      const ms = await untilFirstByte(server.port, NAME);
      await stop();
      return ms;
    };
    const bareEngine = async (): Promise<number> => {
      const before = performance.now();
      const engine = BareEngine.launch(bench, [testEngine(), ...argv], port, log);
      await engine.ready(1);
      const readyAfter = performance.now() - before;
      const ms = readyAfter + (await untilFirstByte(port, NAME));
      await engine.stop();
      return ms;
    };

    // the first of each reads files and compiles code
    await throughLlamactl();
    await bareEngine();
    return async () => {
      const rows = await byTurns(bench.isQuick ? 2 : 20, { llamactl: throughLlamactl, bare: bareEngine });
      return {
        llamactl: medianOf(rows, ({ llamactl }) => llamactl),
        bare: medianOf(rows, ({ bare }) => bare),
        added: medianOf(rows, ({ llamactl, bare }) => llamactl - bare),
      };
    };
  },
};
