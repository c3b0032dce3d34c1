import { createHash } from 'node:crypto';
import { open, realpath } from 'node:fs/promises';
import type { ContextPlan, LaunchPlan } from '../instances/ports/runs.ts';
import type { FindProgram } from './engine-ports.ts';

/**
 * Flags of llama-server that llamactl sets and that do not change a context. All other words count: a needless start
 * without the context costs less than a context that does not fit.
 */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['--host', '--port', '--alias', '--slot-save-path']);

/** Bytes at the start of a file that identify it besides size and time. A GGUF header has them, and some weights. */
const HEAD_BYTES = 1_048_576;

/**
 * The key of a launch, in hexadecimal. A saved context fits a launch only if their keys are equal: same program, options,
 * variables and files. Reads the first megabyte of each file.
 *
 * @throws {Error} Node's, or of `findProgram`, when a file cannot be read
 */
export async function contextKey(
  plan: LaunchPlan & { context: ContextPlan },
  findProgram: FindProgram,
  searchPath: string,
): Promise<string> {
  const program = await findProgram(plan.command, plan.environment['PATH'] ?? searchPath);
  const words = plan.argv.filter((_word, index) => !isWithoutEffect(plan.argv, index));
  const variables = Object.entries(plan.environment).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const files = await Promise.all([program, ...plan.context.files].map(identityOf));
  return createHash('sha256')
    .update(JSON.stringify([words, variables, files]))
    .digest('hex');
}

/** Whether a word, or the flag before it, does not change a context. */
function isWithoutEffect(argv: readonly string[], index: number): boolean {
  return WITHOUT_EFFECT.has(argv[index] ?? '') || WITHOUT_EFFECT.has(argv[index - 1] ?? '');
}

async function identityOf(file: string): Promise<readonly unknown[]> {
  const target = await realpath(file);
  await using handle = await open(target);
  const { size, mtimeMs } = await handle.stat();
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(size, HEAD_BYTES)), 0, null, 0);
  const head = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
  return [target, size, mtimeMs, head];
}
