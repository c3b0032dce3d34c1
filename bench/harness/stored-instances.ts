import type { CreateInstance } from '@llamactl/contract/instance';
import type { MeasuredServer } from './measured-server.ts';

/** Ports of instances that never start, so no process listens on them. */
const FIRST_PORT = 10_001;

/** Creates instances that look like those of a user, one by one. */
export async function storeInstances(server: MeasuredServer, count: number): Promise<void> {
  for (const instance of storedInstances(count)) await server.create(instance);
}

/** Instances that look like those of a user. */
export function storedInstances(count: number): CreateInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `stored-${index}`,
    model_path: `/models/some-organisation/a-model-of-an-ordinary-name-${index}-Q4_K_M.gguf`,
    port: FIRST_PORT + index,
    options: { ctx_size: 8_192, n_gpu_layers: 99, threads: 8, flash_attn: 'on' },
    environment: { CUDA_VISIBLE_DEVICES: '0' },
    aliases: [`some-organisation/model:${index}`],
  }));
}
