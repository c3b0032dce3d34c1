/**
 * Records how much memory a real llama-server says that it needs, in server/models/recorded-projections.jsonl, for the test of
 * the estimate. Run `node scripts/estimation-models.ts`, then `node scripts/record-projections.ts` when a new engine needs
 * another amount.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelMemories } from '@llamactl/server/models/model-memory';
import { readProcessor } from '@llamactl/server/models/processor';
import { engineProjection } from './engine-projection.ts';
import { estimationModels } from './estimation-models.ts';
import { estimationOptions } from './estimation-options.ts';
import { testModel } from './test-assets.ts';

const TARGET = path.join(import.meta.dirname, '..', 'server', 'models', 'recorded-projections.jsonl');

const models = await estimationModels();
if (models.length === 0) throw new Error('there are no models; run node scripts/estimation-models.ts');
const memories = new ModelMemories();
const processor = await readProcessor();
const lines: string[] = [];
for (const model of [await testModel(), ...models]) {
  const { facts } = await memories.of(model, []);
  const projections: unknown[] = [];
  for (const options of estimationOptions(model, facts)) {
    const projection = await engineProjection(model, options);
    const [ram] = projection?.devices ?? [];
    // This engine cannot load a model of three architectures, nor the demo model with a small cache type.
    if (ram === undefined) continue;
    const { weights, cache, compute } = ram;
    projections.push({ options, weights, cache, compute });
  }
  if (projections.length > 0)
    lines.push(JSON.stringify({ model: path.basename(model), processor, facts, projections }));
}
await writeFile(TARGET, `${lines.join('\n')}\n`);
process.stdout.write(`${lines.length} models in ${TARGET}\n`);
