import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { llamaCppProjection } from '@llamactl/server/engines/llama-cpp-projection';
import type { MemoryProjection } from '@llamactl/server/instances/ports/memory-projection';
import { testEngine } from './test-assets.ts';

/**
 * Asks the llama-server for tests how much memory it needs for a model with options, and kills it when it has reported that:
 * nothing is loaded yet. `null`: it refuses the options.
 */
export async function engineProjection(model: string, options: readonly string[]): Promise<MemoryProjection | null> {
  const args = ['--model', model, '--host', '127.0.0.1', '--port', '0', '--log-jsonl', ...options];
  const child = spawn(testEngine(), args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  try {
    for await (const line of lines) {
      const projection = llamaCppProjection([line]);
      if (projection !== null) return projection;
    }
    return null;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
