import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { testEngine, testModel } from '../../scripts/test-assets.ts';

const READY = /listening on http:\/\/127\.0\.0\.1:(\d+)/;

/** A real llama-server, with a model that always answers with the same sentence. */
export interface RealLlama {
  port: number;
  /** The API key for requests to it. */
  key: string;
  /** Kills the process, and resolves when it is gone. */
  end(): Promise<void>;
}

/** Starts a llama-server on a port that it chooses. Rejects with its output if it exits instead. */
export async function startRealLlama(...flags: string[]): Promise<RealLlama> {
  const key = 'key-of-the-run';
  const fixed = ['--host', '127.0.0.1', '--port', '0', '--threads', '1', '--threads-batch', '1'];
  const child = spawn(testEngine(), ['--model', await testModel(), ...fixed, ...flags], {
    env: { LLAMA_API_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    return { port: await portOf(child), key, end: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

function portOf(child: ChildProcess): Promise<number> {
  let output = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const port = READY.exec(output)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    child.once('exit', () => reject(new Error(`llama-server ended: ${output}`)));
    child.once('error', reject);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
