import type { MeasuredServer } from './measured-server.ts';

/** Ports of instances that never start, so no process listens on them. */
const FIRST_PORT = 10_001;

/** Creates instances that look like those of a user, by the API. */
export async function storeInstances(server: MeasuredServer, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await server.create({
      name: `stored-${index}`,
      model_path: `/models/some-organisation/a-model-of-an-ordinary-name-${index}-Q4_K_M.gguf`,
      port: FIRST_PORT + index,
      options: { ctx_size: 8_192, n_gpu_layers: 99, threads: 8, flash_attn: 'on' },
      environment: { CUDA_VISIBLE_DEVICES: '0' },
      aliases: [`some-organisation/model:${index}`],
    });
  }
}
