import { execFile } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';
import { VERSION } from '@llamactl/server/version';
import { testEngine } from '../../scripts/test-assets.ts';

const GIB = 2 ** 30;

/** The processor, as the system names it. */
export function processorModel(): string {
  return (os.cpus()[0]?.model ?? 'unknown CPU').replaceAll(/\s+/g, ' ').trim();
}

/** What figures depend on: the machine and the versions of everything that runs, in one line. */
export async function describeMachine(): Promise<string> {
  const machine = `${os.cpus().length} × ${processorModel()}, ${Math.round(os.totalmem() / GIB)} GB, ${os.type()} ${os.release()} ${os.arch()}`;
  return `${machine}; node ${process.versions.node}, llamactl ${VERSION}, llama-server ${await engineVersion()}`;
}

/** As it says itself: `version: 0.7.0 (build 11669, commit Debian)`, on either stream. */
async function engineVersion(): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(testEngine(), ['--version'], { timeout: 10_000 });
  return /^version: (.+)$/m.exec(stdout + stderr)?.[1] ?? 'of an unknown version';
}
