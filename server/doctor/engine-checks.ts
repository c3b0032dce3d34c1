import type { Config } from '@llamactl/contract/config';
import { phrase } from '@llamactl/contract/phrases';
import { reasonOf } from '@llamactl/contract/reason';
import type { Gpu } from '@llamactl/contract/system';
import type { Remedy } from '@llamactl/contract/why';
import type { Inspection } from '../inspection.ts';
import { reasonPhrase } from '../instances/why/reason-phrase.ts';
import { step } from '../instances/why/step.ts';
import { devices, engineVersion, judgeVersion, missingFlags } from './engine-version.ts';
import { byCommand, byConfiguration, doubtful, withPhrases, well, wrong, type Finding } from './finding.ts';

type Engines = Config['engines'];

/** Longest time for an engine's answer. A build with GPU support looks for GPUs first, which may take seconds. */
const TIMEOUT_MS = 20_000;
/** The setting with the program of llama-server. */
const COMMAND = 'engines.llama_cpp.command';
/** Default PATH of services under systemd and launchd. */
const SERVICE_PATH: Readonly<Record<string, string>> = {
  linux: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  darwin: '/usr/bin:/bin:/usr/sbin:/sbin',
};

/** The check of llama-server on this machine. */
export interface EngineOnDisk {
  findings: Finding[];
  /** Its path; `null`: not found. */
  file: string | null;
}

/** Finds llama-server, runs it, and checks its version, flags and devices. */
export async function checkLlamaServer(
  { command, args }: Engines['llama_cpp'],
  inspection: Pick<Inspection, 'findProgram' | 'runTool' | 'searchPath'>,
  { gpus, hasOthers }: { gpus: readonly Gpu[]; hasOthers: boolean },
): Promise<EngineOnDisk> {
  let file: string;
  try {
    file = await inspection.findProgram(command);
  } catch (error) {
    const judge = hasOthers ? doubtful : wrong;
    const remedies = command.includes('/')
      ? [byConfiguration(step('correct_or_remove', 'Correct or remove'), COMMAND)]
      : [
          byCommand(step('install_llama_server', 'Install one'), 'llamactl quickstart'),
          byConfiguration(step('set_engine_path', 'Set the path of an engine'), COMMAND),
          `The folders of the PATH: ${inspection.searchPath}`,
        ];
    const reason = reasonPhrase(reasonOf(error), 'engine_missing');
    const finding = judge('engine', reasonOf(error), ...remedies);
    return { file: null, findings: [reason === null ? finding : withPhrases(finding, reason)] };
  }
  const ask = async (flag: string): Promise<string> => {
    const { code, stdout, stderr } = await inspection.runTool(file, [...args, flag], { timeoutMs: TIMEOUT_MS });
    const output = `${stdout}\n${stderr}`;
    if (code !== 0) throw new Error(`${file} ${flag} exited with status ${code}: ${firstLine(output)}`);
    return output;
  };
  try {
    const version = judgeVersion(file, engineVersion(await ask('--version')));
    const missing = missingFlags(await ask('--help'));
    const findings = missing.length === 0 ? [version] : [version, lacking(file, missing)];
    return { file, findings: [...findings, await deviceFinding(ask, gpus)] };
  } catch (error) {
    return { file, findings: [wrong('engine', reasonOf(error), ...remediesFor(reasonOf(error)))] };
  }
}

function lacking(file: string, flags: readonly string[]): Finding {
  const message = `${file} does not support ${flags.join(', ')}, which llamactl passes: no instance will start`;
  const install = 'Install a newer llama-server: https://github.com/ggml-org/llama.cpp/releases';
  return withPhrases(
    wrong('engine', message, step('install_newer_engine', install)),
    phrase('engine_lacks_flags', { file, flags: flags.join(', ') }),
  );
}

/** Whether the engine finds the GPUs of this machine. */
async function deviceFinding(ask: (flag: string) => Promise<string>, gpus: readonly Gpu[]): Promise<Finding> {
  const check = 'devices';
  const found = await ask('--list-devices').then(devices, () => null);
  if (found === null) return well(check, 'the engine does not report its devices', phrase('devices_not_reported'));
  if (found.length > 0) return well(check, found.join('; '));
  const [gpu] = gpus;
  if (gpu === undefined) return well(check, 'CPU only', phrase('devices_cpu_only'));
  const support = gpu.vendor === 'nvidia' ? 'CUDA or Vulkan' : 'ROCm or Vulkan';
  const install = `Install a llama-server with support for ${support}, and set its path`;
  const finding = doubtful(
    check,
    `the engine finds no GPU, although this machine has ${gpu.name}: it will run on the CPU, which is slow`,
    byConfiguration(step('install_gpu_engine', install, { support }), COMMAND),
  );
  return withPhrases(finding, phrase('devices_lack_gpu', { gpu: gpu.name }));
}

function remediesFor(reason: string): (string | Remedy)[] {
  if (/shared librar|symbol lookup|version `|Library not loaded/.test(reason)) {
    return [
      byConfiguration(
        'Install the missing library, or set its folder',
        'engines.llama_cpp.environment.LD_LIBRARY_PATH',
      ),
    ];
  }
  if (/SIGILL|status 132/.test(reason)) return ['It was built for another CPU: install another build'];
  return ['Run it by hand to see its output', byCommand('Or remove it and install another', 'llamactl quickstart')];
}

/** Checks the programs of engines that the configuration adds. */
export async function checkCustomEngines(
  engines: Engines,
  { findProgram }: Pick<Inspection, 'findProgram'>,
): Promise<Finding[]> {
  const { llama_cpp: _llama, vllm: _vllm, mlx: _mlx, ...custom } = engines;
  return Promise.all(
    Object.entries(custom).map(async ([name, { command }]) => {
      const check = `engine ${name}`;
      try {
        return well(check, await findProgram(command));
      } catch (error) {
        return wrong(check, reasonOf(error), byConfiguration(step('correct', 'Correct'), `engines.${name}.command`));
      }
    }),
  );
}

/** A process that looks for engines on its PATH. */
export interface Searcher {
  /** Its name in messages: `the running server`. */
  who: string;
  path: string;
}

/** A service with the default PATH; `null`: unknown on this system. */
export function serviceSearcher(platform: string = process.platform): Searcher | null {
  const path = SERVICE_PATH[platform];
  return path === undefined ? null : { who: 'a service', path };
}

/**
 * Whether another process finds the same llama-server as this shell. Returns nothing for a command with a path, or the
 * engine of quickstart, which is always found.
 */
export async function checkPath(
  { command, file }: { command: string; file: string },
  { who, path }: Searcher,
  { findProgram, installFolders }: Pick<Inspection, 'findProgram' | 'installFolders'>,
): Promise<Finding[]> {
  if (command.includes('/') || installFolders.some((folder) => file.startsWith(folder))) return [];
  const found = await findProgram(command, path).catch(() => null);
  const check = 'PATH';
  const remedy = byConfiguration(`To use the same engine, set ${file} as`, COMMAND);
  if (found === file) return [well(check, `${who} finds the same engine as this shell`)];
  if (found !== null) return [doubtful(check, `${who} finds another engine than this shell: ${found}`, remedy)];
  return [doubtful(check, `${who} does not find ${file}: its PATH is ${path}`, remedy)];
}

function firstLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '') ?? 'no output';
}
