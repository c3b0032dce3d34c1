import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { testPython } from '../../scripts/test-assets.ts';

/** What a call came to: what of the answer is worth comparing, or the SDK's error. */
export type Outcome = { value: unknown } | { error: Failure };

/** An error of an SDK: its class, and what it knows of the answer. */
export interface Failure {
  class: string;
  status: number | null;
  /** OpenAI's `code`, Anthropic's `type`. */
  code: string | null;
  message: string;
}

/** What a call is given. */
export interface CallSettings {
  /** Base URL as the SDK wants it. */
  url: string;
  key: string;
  model: string;
  /** How often the SDK tries again; never unless it says so here. */
  retries?: number;
}

/** One SDK in one language: calls by name, the same in each language. */
export interface Sdk {
  call(name: string, settings: CallSettings): Promise<Outcome>;
  /** Resolves when nothing of it runs any more. */
  end(): Promise<void>;
}

/** Calls of an SDK of Node by their names; they reject with its errors. */
export type Calls = Readonly<Record<string, (settings: CallSettings) => Promise<unknown>>>;

/** A vendor's SDKs. */
export interface Vendor {
  calls: () => Calls;
  /** What an error says; `null`: it is not one of the SDK's. */
  failureOf: (error: unknown) => Failure | null;
  /** The same calls in Python, a file of this folder. */
  program: string;
}

/** In which both vendors have SDKs that are tested. */
export const LANGUAGES = ['Node', 'Python'] as const;

/** A vendor's SDK in a language; or the reason why this machine has none. */
export function openSdk(language: (typeof LANGUAGES)[number], vendor: Vendor): Sdk | { missing: string } {
  if (language === 'Node') return nodeSdk(vendor);
  const python = testPython();
  return 'missing' in python ? python : pythonSdk(python.program, vendor);
}

/** In this process. */
function nodeSdk({ calls: makeCalls, failureOf }: Vendor): Sdk {
  const calls = makeCalls();
  return {
    call: async (name, settings) => {
      const call = calls[name];
      if (call === undefined) throw new Error(`there is no call ${name}`);
      try {
        return { value: await call(settings) };
      } catch (error) {
        const failure = failureOf(error);
        if (failure === null) throw error;
        return { error: failure };
      }
    },
    end: () => Promise.resolve(),
  };
}

/** In a process that reads a call from each line and writes its outcome as one. */
function pythonSdk(python: string, { program }: Vendor): Sdk {
  // -B: leaves nothing among the sources.
  const child = spawn(python, ['-B', path.join(import.meta.dirname, program)], { env: {} });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    call: async (name, settings) => {
      child.stdin.write(`${JSON.stringify({ name, settings })}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${program} ended: ${errors}`);
      return JSON.parse(value) as Outcome;
    },
    end: () => end(child),
  };
}

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
