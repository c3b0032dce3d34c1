import type { FlagCatalogue } from './flags.ts';
import { guardOfEntry, guardOfFlag } from './guarded-flags.ts';
import type { Guard } from './guarded-flags.ts';

/** One row of the table of environment variables. Patterns fit names in upper case. */
export interface VariableRule extends Guard {
  name: RegExp;
}

const OURS = 'is set by llamactl';
const CODE = 'can make the engine load or run other code';
const FILES = 'makes the engine read or write files of the caller’s choice';
const NETWORK = 'makes the engine talk to other machines';

/** Variables that a rule below would catch but that are free, and why. */
export const OPEN_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['HF_TOKEN', 'the caller’s own; it opens nothing by itself'],
  ['LLAMA_ARG_NO_HOST', 'turns off host buffers'],
  ['PYTORCH_CUDA_ALLOC_CONF', 'tunes an allocator'],
  ['PYTORCH_HIP_ALLOC_CONF', 'tunes an allocator'],
  ['PYTORCH_ALLOC_CONF', 'tunes an allocator'],
]);

/**
 * The table. First match wins. Variables that stand for a flag (`LLAMA_ARG_X`, and what the help names) are guarded as
 * that flag is. Rules by ending come with those by name, so that what a new library reads is guarded too.
 */
export const VARIABLE_RULES: readonly VariableRule[] = [
  { guard: 'reserved', name: /^LLAMACTL_/, why: `${OURS}: it marks the engine’s process` },
  // `AIP_MODE=PREDICTION` with `AIP_HTTP_PORT` overrides `--port` (measured on b11669), the others move the routes.
  { guard: 'reserved', name: /^AIP_/, why: 'is not available: it moves the engine’s port and routes' },
  { guard: 'reserved', name: /^LLAMA_(API_KEY|LOG_FILE)$/, why: OURS },
  // Set by a router for its children: the engine ends as soon as its stdin does.
  {
    guard: 'reserved',
    name: /^LLAMA_SERVER_(ROUTER|CHILD)_/,
    why: 'is not available: the engine would think it is a router’s child',
  },
  {
    guard: 'reserved',
    name: /^(UVICORN|OLLAMA|VLLM|GRADIO|GUNICORN|FLASK|HYPERCORN)_(HOST|HOST_IP|PORT|SERVER_NAME|SERVER_PORT|BIND|UDS|RUN_HOST|RUN_PORT)$/,
    why: `${OURS}: an engine listens on loopback, on the port of its instance`,
  },
  {
    guard: 'privileged',
    name: /^(LD_|DYLD_|PYTHON|NODE_|PERL|RUBY|LUA_|_?JAVA_|JDK_|BASH|GIT_|OPENSSL_|VK_|OCL_|MESA_|GLIBC_|DOTNET_|CORECLR_|COVERAGE_|GST_|PHP|ERL_|OPAL_|XPTI_|INTEL_(LIBITTNOTIFY|JIT_PROFILER))/,
    why: CODE,
  },
  {
    guard: 'privileged',
    name: /^(PATH|ENV|IFS|PS4|SHELL|SHELLOPTS|PROMPT_COMMAND|EDITOR|VISUAL|PAGER|BROWSER|SSH_ASKPASS|LLAMA_APP_CMD|ZE_ENABLE_ALT_DRIVERS)$/,
    why: CODE,
  },
  // Triton and PyTorch start these compilers.
  { guard: 'privileged', name: /^(CC|CXX|CPP|NVCC|CUDACXX|HIPCC|RUSTC\w*|GO\w*FLAGS)$/, why: CODE },
  {
    guard: 'privileged',
    name: /(^|_)(PRELOAD|INJECTION\w*|LIBS?|LIBRARY|LIBRARIES|MODULES?|PLUGINS?|LAYERS?|FORCE_LOAD|PATH_RESOURCES)$|INJECTION\d*_PATH$/,
    why: CODE,
  },
  {
    guard: 'privileged',
    name: /(^|_)(COMMAND|CMD|CMD_ARGS|EXEC|SCRIPT|OPTIONS|OPTS|CONF|CONFIG|FILENAMES)$|INSECURE|TRUST_REMOTE_CODE/,
    why: CODE,
  },
  { guard: 'privileged', name: /_BACKEND_PATH$|(^|_)(GCONV|LOC|NLS|CLASS|LIB|SHLIB)_?PATH$/, why: CODE },
  { guard: 'privileged', name: /(^|_)(\w*PROXY|ENDPOINTS?|URLS?|URI|HOSTALIASES)$/, why: NETWORK },
  {
    guard: 'privileged',
    name: /(PATH|DIR|HOME|FILE)$|(^|_)(PATHS|DIRS|FILES|CACHE|MALLOC_TRACE|SOCKET|SOCK)$/,
    why: FILES,
  },
];

/** Variables of the engine's flags, where the help cannot be read. */
const FLAG_VARIABLE = /^LLAMA_ARG_(?:NO_)?(\w+)$/;

/** The guard of an environment variable. Case does not matter: some readers ignore it. */
export function guardOfVariable(variable: string, catalogue: FlagCatalogue | null): Guard | null {
  const name = variable.toUpperCase();
  if (OPEN_VARIABLES.has(name)) return null;
  const flag = FLAG_VARIABLE.exec(name)?.[1];
  // b11669 also reads LLAMA_ARG_NO_X for every X that can be negated.
  const entry = catalogue?.findVariable(name) ?? catalogue?.findVariable(name.replace('LLAMA_ARG_NO_', 'LLAMA_ARG_'));
  const guard = entry ? guardOfEntry(entry) : null;
  if (guard !== null) return guard;
  if (flag !== undefined) return guardOfFlag(flag, catalogue);
  const rule = VARIABLE_RULES.find((candidate) => candidate.name.test(name));
  return rule === undefined ? null : { guard: rule.guard, why: rule.why };
}
