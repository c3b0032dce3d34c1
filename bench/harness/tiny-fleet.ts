import path from 'node:path';
import { BatchSchema } from '@llamactl/contract/instance';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { MeasuredServer } from './measured-server.ts';
import type { Bench } from './scenario.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'tiny-engine.pl');

/** A server with so many running engines, of a small program that only answers its health check. */
export async function tinyFleet(bench: Bench, engines: number): Promise<MeasuredServer> {
  const tiny = { kind: 'custom', command: 'perl', args: [PROGRAM, '${PORT}'] };
  const server = await MeasuredServer.create(bench, { engines: { tiny } });
  await server.start();
  for (let index = 0; index < engines;) {
    const block = await PortBlock.take();
    bench.belongings.add(() => block.release());
    const [first, last] = block.range;
    for (let port = first; port <= last && index < engines; port += 1, index += 1) {
      await server.create({ name: `tiny-${index}`, engine: 'tiny', port });
    }
  }
  const { body } = await server.call('POST', '/api/instances/start-all');
  const { results } = BatchSchema.parse(JSON.parse(body.toString()));
  const refused = results.find(({ error }) => error !== undefined);
  if (refused !== undefined) throw new Error(`${refused.name} was not started: ${refused.error}`);
  await server.untilAll('running', engines, 100);
  return server;
}
