/** The variables that llamactl itself was started with; nothing else in the server reads `process.env`. */
export type Environment = Readonly<Record<string, string>>;

/** A copy, taken once at the start: what changes later changes nothing. */
export function readEnvironment(): Environment {
  const set = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.freeze(Object.fromEntries(set));
}

/**
 * What engines inherit, by name. Everything else stays with us: an engine has no use for it, and much of it is secret.
 * More is given to an engine on purpose, by `environment` of its engine or instance.
 */
const INHERITED_NAMES: ReadonlySet<string> = new Set(
  [
    // Who and where they are: programs look for their files, caches and temporary space by these.
    ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR'],
    // The language of messages, and of the clock in the log.
    ['LANG', 'LANGUAGE', 'TZ'],
    // Where libraries lie: many GPU installations cannot be found without it. Whoever started us has set it.
    ['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
    // By name, because NVIDIA_API_KEY is a secret.
    ['NVIDIA_VISIBLE_DEVICES', 'NVIDIA_TF32_OVERRIDE', 'GPU_DEVICE_ORDINAL'],
    // Where downloaded models are kept: otherwise an engine would download again what is already there.
    ['XDG_CACHE_HOME', 'LLAMA_CACHE', 'HF_HOME', 'HF_HUB_CACHE'],
    // The certificates of a company's network.
    ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ].flat(),
);

/** Families of which nobody can list every member. Not `LLAMA_ARG_` and `AIP_`: they are options by another way. */
const INHERITED_PREFIXES = [
  // The language again.
  ['LC_'],
  // Which GPUs an engine sees, and how their drivers behave: NVIDIA, AMD, Intel, Vulkan, and llama.cpp's own switches.
  ['CUDA_', 'HIP_', 'ROCR_', 'ROCM_', 'HSA_', 'ONEAPI_', 'SYCL_', 'ZE_', 'ZES_', 'VK_', 'GGML_'],
  // How many threads, and on which cores.
  ['OMP_', 'GOMP_', 'KMP_', 'OPENBLAS_', 'MKL_'],
].flat();

/** Proxies for engines that download; either case, as programs differ. */
const PROXY = /^(https?|all|no)_proxy$/i;

/** Looks like a secret, whatever family it belongs to. */
const SECRET = /TOKEN|SECRET|PASSW|CREDENTIAL|KEY$/i;

/** The part of our environment that engines inherit. */
export function inheritedEnvironment(environment: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name, value]) => isInherited(name, value)));
}

function isInherited(name: string, value: string): boolean {
  if (SECRET.test(name)) return false;
  // `http://user:password@proxy` is a password; an engine that needs it is given it on purpose.
  if (PROXY.test(name)) return !value.includes('@');
  return INHERITED_NAMES.has(name) || INHERITED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
