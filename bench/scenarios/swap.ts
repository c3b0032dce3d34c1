import path from 'node:path';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { BareEngine } from '../harness/bare-engine.ts';
import { untilFirstByte } from '../harness/first-byte.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { byTurns, medianOf } from '../harness/turns.ts';

const NAMES = ['one', 'other'] as const;

/** What a request waits for that is not an engine, when another has to make room for its own. */
export const swap: Scenario = {
  name: 'swap',
  title: 'one model makes room for another, against bare engines',
  method:
    'Two instances of a group with `max_running: 1`. A streamed completion for the one that does not run, on a new connection, until the first byte of ' +
    'its answer; against a bare engine that is sent SIGTERM, the other that is spawned when it is gone, asked for `/health` every ' +
    'millisecond on a new connection until it answers 200, and then for the same completion. The real llama-server with a model ' +
    'of 2 MB. Twenty pairs a run, by turns; what is added is the median of the differences pair by pair.',
  figures: [
    { key: 'llamactl', what: 'through llamactl', unit: 'ms' },
    { key: 'bare', what: 'the bare engines', unit: 'ms' },
    { key: 'added', what: 'added', unit: 'ms', most: 25 },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench, { groups: { slot: { max_running: 1 } } });
    await server.start();
    const model_path = await testModel();
    const ports = await PortBlock.take();
    bench.belongings.add(() => ports.release());
    const launches = new Map<string, BareLaunch>();
    for (const name of NAMES) {
      const { port: taken } = await server.create({ name, model_path, group: 'slot', options: { threads: 1 } });
      const [, ...words] = (await server.instance(name)).effective_command;
      // beside llamactl's engine, which runs meanwhile
      const port = ports.next();
      const argv = words.map((word) => (word === String(taken) ? String(port) : word));
      const log = path.join(server.dataDirectory, `bare-engine-${name}.log`);
      launches.set(name, { port, argv, log });
    }
    const bareEngines = new BareEngines(bench, launches);
    const next = { llamactl: inTurn(), bare: inTurn() };

    const throughLlamactl = (): Promise<number> => untilFirstByte(server.port, next.llamactl());
    const bare = (): Promise<number> => bareEngines.swapTo(next.bare());
    // the first of each finds nothing to stop; the others read files and compile code
    for (const _name of NAMES) {
      await throughLlamactl();
      await bare();
    }
    return async () => {
      const rows = await byTurns(bench.isQuick ? 2 : 20, { llamactl: throughLlamactl, bare });
      return {
        llamactl: medianOf(rows, ({ llamactl }) => llamactl),
        bare: medianOf(rows, (row) => row.bare),
        added: medianOf(rows, (row) => row.llamactl - row.bare),
      };
    };
  },
};

interface BareLaunch {
  port: number;
  argv: readonly string[];
  log: string;
}

/** One at a time, as the slot has it. */
class BareEngines {
  readonly #bench: Bench;
  readonly #launches: ReadonlyMap<string, BareLaunch>;
  #running: BareEngine | null = null;

  constructor(bench: Bench, launches: ReadonlyMap<string, BareLaunch>) {
    this.#bench = bench;
    this.#launches = launches;
  }

  async swapTo(name: string): Promise<number> {
    const launch = this.#launches.get(name);
    if (launch === undefined) throw new Error(`no engine ${name}`);
    const { port, argv, log } = launch;
    const before = performance.now();
    await this.#running?.stop();
    this.#running = BareEngine.launch(this.#bench, [testEngine(), ...argv], port, log);
    await this.#running.ready(1);
    const readyAfter = performance.now() - before;
    return readyAfter + (await untilFirstByte(port, name));
  }
}

function inTurn(): () => string {
  let count = 0;
  return () => NAMES[count++ % NAMES.length] ?? NAMES[0];
}
