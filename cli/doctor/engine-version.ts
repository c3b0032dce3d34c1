import { doubtful, well, type Finding } from './finding.ts';

/** The oldest build that llamactl was measured with; of an older one nobody knows what is different. */
const OLDEST_BUILD = 10_573;
/** What llamactl passes to every llama-server. */
const PASSED_FLAGS = ['--model', '--host', '--port', '--alias', '--log-verbosity'];

/** A llama-server as it tells of itself; `null`: it does not say. */
export interface EngineVersion {
  /** As it is written: `0.7.0 (build 11669, commit Debian)`. */
  text: string;
  build: number | null;
}

/** Reads the answer to `--version`; `null`: it is no llama-server's. */
export function engineVersion(output: string): EngineVersion | null {
  const text = /^version: (.+)$/m.exec(output)?.[1]?.trim();
  if (text === undefined) return null;
  const build = /\bbuild (\d+)/.exec(text)?.[1] ?? /^b?(\d{4,})\b/.exec(text)?.[1];
  return { text, build: build === undefined ? null : Number(build) };
}

/** What is known about a version. */
export function judgeVersion(file: string, version: EngineVersion | null): Finding {
  const check = 'engine';
  if (version === null) {
    return doubtful(
      check,
      `${file} runs, but its --version is not that of a llama-server`,
      'is engines.llama_cpp.command the right program?',
    );
  }
  const { text, build } = version;
  if (build !== null && build < OLDEST_BUILD) {
    return doubtful(
      check,
      `${file} is version ${text}, older than build ${OLDEST_BUILD}, the oldest that llamactl was tried with`,
      'a newer llama-server knows more models and options: https://github.com/ggml-org/llama.cpp/releases',
    );
  }
  return well(check, `${file}, version ${text}`);
}

/** Flags that llamactl needs and that the help does not have; empty: all are there, or it is no help at all. */
export function missingFlags(help: string): string[] {
  const known = new Set(help.match(/--[a-z][a-z0-9-]*/g));
  return known.has('--model') ? PASSED_FLAGS.filter((flag) => !known.has(flag)) : [];
}

/** The devices in the answer to `--list-devices`, such as `CUDA0: NVIDIA … (24077 MiB, 23500 MiB free)`; `null`: it is none. */
export function devices(output: string): string[] | null {
  const [, list] = /Available devices:\s*\n([^]*)/.exec(output) ?? [];
  if (list === undefined) return null;
  return list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w+: /.test(line));
}
