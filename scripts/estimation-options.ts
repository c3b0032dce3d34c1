import path from 'node:path';
import type { MemoryFacts } from '@llamactl/server/models/memory-facts';

/** Settings of a real model, each of which changes its memory in another way. */
const REAL = [
  '',
  '-c 4096',
  '-c 4096 --no-repack',
  '-c 8192 -np 4',
  '-c 4096 -np 4 --kv-unified',
  '-c 256',
  '-c 1000 -np 3',
  '-c 8192 -ub 2048',
  '-c 8192 -b 256',
  '-c 4096 -ctk q8_0 -ctv q8_0',
  '-c 4096 -ctk q4_0 -ctv q4_0',
  '-c 4096 -ctk q8_0',
  '-c 32768 -np 2',
  '-c 16384 --swa-full',
  '-c 4096 -fa off',
  '-c 16384 -fa off -np 1',
  '-c 4096 --embeddings',
  '-c 4096 --embeddings --pooling mean',
];

/** Settings of a tiny model of one architecture. It is made for 256 tokens. */
const TINY = ['-c 8192', '-c 65536', '-c 16384 -np 4 -fa off', '-c 8192 -np 2 -ub 256'];

/** The options with which estimates for a model are compared with the engine. */
export function estimationOptions(model: string, { architecture }: Pick<MemoryFacts, 'architecture'>): string[][] {
  const isTiny = path.basename(path.dirname(model)) === 'architectures';
  const settings = (isTiny ? TINY : REAL).map((words) => words.split(' ').filter((word) => word !== ''));
  if (!isTiny) return settings;
  return settings.map((options) => [...options, '--override-kv', `${architecture}.context_length=int:65536`]);
}
