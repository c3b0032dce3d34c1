import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine, testModel } from './test-assets.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** The program in a temporary home, with `llamactl` and a real engine on PATH. */
export interface TemporaryProgram {
  home: string;
  /** The port of its server. */
  port: number;
  /** The demo model, in the folder `models` of the home. */
  model: string;
  /** Runs a command of the shell there. Returns what it prints. */
  run: (command: string) => Promise<string>;
}

interface Frame {
  /** Begin of the name of the home. */
  prefix: string;
  /** Name of the file of the demo model. */
  model: string;
  /** Further variables of its environment. */
  environment?: Readonly<Record<string, string>>;
}

/** Uses the program, then ends its server and engines, and removes its home. */
export async function withProgram<Result>(
  { prefix, model, environment = {} }: Frame,
  use: (program: TemporaryProgram) => Promise<Result>,
): Promise<Result> {
  const home = await mkdtemp(path.join(os.tmpdir(), prefix));
  const ports = await PortBlock.take();
  const port = ports.next();
  const env = {
    ...environment,
    HOME: home,
    PATH: [path.join(home, 'bin'), path.dirname(testEngine()), process.env['PATH']].join(':'),
    LLAMACTL_SERVER_PORT: String(port),
  };
  const run = async (command: string): Promise<string> => {
    const words = ['-c', `exec 2>&1 </dev/null; ${command}`];
    return (await promisify(execFile)('sh', words, { cwd: home, env })).stdout;
  };
  try {
    await Promise.all(['bin', 'models'].map((name) => mkdir(path.join(home, name))));
    await symlink(path.join(ROOT, 'llamactl'), path.join(home, 'bin', 'llamactl'));
    const file = path.join(home, 'models', model);
    await copyFile(await testModel(), file);
    return await use({ home, port, model: file, run });
  } finally {
    await run('llamactl down --stop-engines');
    ports.release();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
