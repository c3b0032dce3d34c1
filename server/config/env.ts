/** The variables that llamactl was started with. No other code of the server reads `process.env`. */
export type Environment = Readonly<Record<string, string>>;

/** Copies the variables, once at the start; later changes have no effect. */
export function readEnvironment(): Environment {
  return variablesIn(process.env);
}

/** The variables that are set. */
export function variablesIn(variables: Readonly<Record<string, string | undefined>>): Environment {
  const set = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.freeze(Object.fromEntries(set));
}

/**
 * Variables that engines inherit. Engines do not need the others, and many of those are secret. Users pass more variables
 * by `environment` of an engine or instance.
 */
const INHERITED_NAMES: ReadonlySet<string> = new Set(
  [
    // User and folders: programs find their files, caches and temporary space by these.
    ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR'],
    // The language of messages, and the time zone of the log.
    ['LANG', 'LANGUAGE', 'TZ'],
    // The folders of libraries: many GPU installations need them. They come from llamactl's own environment.
    ['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
    // By name, because NVIDIA_API_KEY is a secret.
    ['NVIDIA_VISIBLE_DEVICES', 'NVIDIA_TF32_OVERRIDE', 'GPU_DEVICE_ORDINAL'],
    // The caches of downloaded models: otherwise an engine would download them again.
    ['XDG_CACHE_HOME', 'LLAMA_CACHE', 'HF_HOME', 'HF_HUB_CACHE'],
    // The certificates of a company's network.
    ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ].flat(),
);

/** Families whose members cannot all be listed. Not `LLAMA_ARG_` and `AIP_`: those set engine options. */
const INHERITED_PREFIXES = [
  // The language.
  ['LC_'],
  // Which GPUs an engine sees, and how their drivers behave: NVIDIA, AMD, Intel, Vulkan, and llama.cpp's own switches.
  ['CUDA_', 'HIP_', 'ROCR_', 'ROCM_', 'HSA_', 'ONEAPI_', 'SYCL_', 'ZE_', 'ZES_', 'VK_', 'GGML_'],
  // How many threads, and on which cores.
  ['OMP_', 'GOMP_', 'KMP_', 'OPENBLAS_', 'MKL_'],
].flat();

/** Variables that name proxies, for engines that download. They are set in either case, because programs differ. */
const PROXY = /^(https?|all|no)_proxy$/i;

/** Matches names of secrets, in any family. */
const SECRET = /TOKEN|SECRET|PASSW|CREDENTIAL|KEY$/i;

/** The part of our environment that engines inherit. */
export function inheritedEnvironment(environment: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name, value]) => isInherited(name, value)));
}

function isInherited(name: string, value: string): boolean {
  if (SECRET.test(name)) return false;
  // `http://user:password@proxy` has a password; users pass it to an engine by `environment`.
  if (PROXY.test(name)) return !value.includes('@');
  return INHERITED_NAMES.has(name) || INHERITED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
