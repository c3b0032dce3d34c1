import path from 'node:path';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { BareEngine } from '../harness/bare-engine.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Scenario } from '../harness/scenario.ts';
import { usageOf } from '../harness/usage.ts';

const LOOK_EVERY_MS = 20;

/** Fifty starts at once. */
export const fleet: Scenario = {
  name: 'fleet',
  title: '50 starts at once against 50 bare engines',
  method:
    'From `POST /api/instances/start-all` on 50 instances of the real llama-server until the list, asked every 20 ms, says ' +
    'that all run; against the same 50 argv spawned one after the other and asked in turn for `/health`, a new connection ' +
    'every 2 ms. CPU is that of llamactl alone, until all run.',
  figures: [
    { key: 'llamactl', what: 'all run, through llamactl', unit: 's' },
    { key: 'bare', what: 'all run, bare engines', unit: 's' },
    { key: 'ratio', what: 'ratio', unit: '×' },
    { key: 'cpu', what: 'CPU of llamactl', unit: 'ms' },
    { key: 'cpuEach', what: 'CPU of llamactl for each', unit: 'ms' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const size = bench.isQuick ? 3 : 50;
    const server = await MeasuredServer.create(bench);
    await server.start();
    const model_path = await testModel();
    const engines: { argv: string[]; port: number }[] = [];
    for (let index = 0; index < size; index += 1) {
      const created = await server.create({ name: `fleet-${index}`, model_path, options: { threads: 1 } });
      engines.push({ argv: [testEngine(), ...created.effective_command.slice(1)], port: created.port });
    }
    const log = path.join(server.dataDirectory, 'bare-engines.log');
    let cpuMs = 0;

    const throughLlamactl = async (): Promise<number> => {
      const cpuBefore = usageOf(server.pid).cpuMs;
      const before = performance.now();
      await server.call('POST', '/api/instances/start-all');
      await server.untilAll('running', size, LOOK_EVERY_MS);
      const seconds = (performance.now() - before) / 1_000;
      cpuMs = usageOf(server.pid).cpuMs - cpuBefore;
      await server.call('POST', '/api/instances/stop-all');
      await server.untilAll('stopped', size, LOOK_EVERY_MS);
      return seconds;
    };
    const bareEngines = async (): Promise<number> => {
      const before = performance.now();
      const launched = engines.map(({ argv, port }) => BareEngine.launch(bench, argv, port, log));
      // one at a time: ready stays ready, and asking all at once would cost the engines what they need to load
      for (const engine of launched) await engine.ready(2);
      const seconds = (performance.now() - before) / 1_000;
      await Promise.all(launched.map((engine) => engine.end()));
      return seconds;
    };

    return async () => {
      const llamactl = await throughLlamactl();
      const bare = await bareEngines();
      return { llamactl, bare, ratio: llamactl / bare, cpu: cpuMs, cpuEach: cpuMs / size };
    };
  },
};
