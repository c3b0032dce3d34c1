import path from 'node:path';
import { expect, vi } from 'vitest';
import type { ServerProcess } from './server-process.ts';
import { StreamReader } from './stream-reader.ts';

/** What tests of reloads do with a server. */

const PACED = path.join(import.meta.dirname, 'paced-engine.ts');
const PATIENCE = { timeout: 60_000, interval: 10 };

/** What an engine of one's own needs. */
export const PRIVILEGED = 'security: { allow_privileged: true }\n';

/** The process that has the data directory. */
export async function servingPid(server: ServerProcess): Promise<number> {
  const holder = await server.holder();
  if (holder === null) throw new Error('no process serves');
  return holder.pid;
}

/** Asks by the signal. Resolves when the attempt is over, to the pid of who serves then. */
export async function reload(server: ServerProcess): Promise<number> {
  const before = await server.holder();
  if (before === null) throw new Error('no process serves');
  const attempts = before.reload?.number ?? 0;
  process.kill(before.pid, 'SIGUSR2');
  await vi.waitFor(async () => {
    const { reload: now, url } = (await server.holder()) ?? {};
    expect([now?.number, now?.state === 'under_way', url === null]).toEqual([attempts + 1, false, false]);
  }, PATIENCE);
  return servingPid(server);
}

/** The settings of an instance of an engine whose streams take their time, and have numbers. */
export function paced(name: string, { loadingMs = 0, ...settings }: Record<string, unknown> = {}): object {
  const command = [process.execPath, PACED, '${PORT}', String(loadingMs)];
  return { name, engine: 'custom', command, health_path: '/health', ...settings };
}

/** A stream of so many events. */
export function stream(
  { url }: ServerProcess,
  model: string,
  events: number,
  headers: Record<string, string> = {},
): StreamReader<Uint8Array> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    const body = JSON.stringify({ model, stream: true, max_tokens: events });
    const answer = await fetch(`${url}/v1/completions`, { method: 'POST', body, headers });
    for await (const piece of answer.body ?? []) yield piece;
  }
  return new StreamReader(bytes());
}
