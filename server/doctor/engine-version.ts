import { phrase } from '@llamactl/contract/phrases';
import { step } from '../instances/why/step.ts';
import { byConfiguration, doubtful, withPhrases, well, type Finding } from './finding.ts';

/** The oldest build that llamactl was tested with. */
const OLDEST_BUILD = 10_573;
/** Flags that llamactl passes to every llama-server. */
const PASSED_FLAGS = ['--model', '--host', '--port', '--alias', '--log-verbosity'];

/** The version of a llama-server; `build` is `null` if it reports none. */
export interface EngineVersion {
  /** The original text: `0.7.0 (build 11669, commit Debian)`. */
  text: string;
  build: number | null;
}

/** Parses the output of `--version`; `null`: it is not from a llama-server. */
export function engineVersion(output: string): EngineVersion | null {
  const text = /^version: (.+)$/m.exec(output)?.[1]?.trim();
  if (text === undefined) return null;
  const build = /\bbuild (\d+)/.exec(text)?.[1] ?? /^b?(\d{4,})\b/.exec(text)?.[1];
  return { text, build: build === undefined ? null : Number(build) };
}

/** Compares a version with the oldest tested one. */
export function judgeVersion(file: string, version: EngineVersion | null): Finding {
  const check = 'engine';
  if (version === null) {
    return withPhrases(
      doubtful(
        check,
        `${file} runs, but its --version output is not from llama-server`,
        byConfiguration(step('name_right_program', 'Name the right program'), 'engines.llama_cpp.command'),
      ),
      phrase('engine_is_other', { file }),
    );
  }
  const { text, build } = version;
  if (build !== null && build < OLDEST_BUILD) {
    const finding = doubtful(
      check,
      `${file} is version ${text}, older than build ${OLDEST_BUILD}, the oldest one tested with llamactl`,
      step(
        'install_newer_engine',
        'Install a newer llama-server, which supports more models and options: https://github.com/ggml-org/llama.cpp/releases',
      ),
    );
    return withPhrases(finding, phrase('engine_old', { file, version: text, oldest: OLDEST_BUILD }));
  }
  return well(check, `${file}, version ${text}`, phrase('engine_found', { file, version: text }));
}

/** The flags that llamactl needs and the help lacks. Empty also for output that is not a help text. */
export function missingFlags(help: string): string[] {
  const known = new Set(help.match(/--[a-z][a-z0-9-]*/g));
  return known.has('--model') ? PASSED_FLAGS.filter((flag) => !known.has(flag)) : [];
}

/**
 * The devices in the output of `--list-devices`, such as `CUDA0: NVIDIA … (24077 MiB, 23500 MiB free)`; `null`: no such
 * list.
 */
export function devices(output: string): string[] | null {
  const [, list] = /Available devices:\s*\n([^]*)/.exec(output) ?? [];
  if (list === undefined) return null;
  return list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w+: /.test(line));
}
