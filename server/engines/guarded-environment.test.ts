import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { words } from './fixtures/words.ts';
import { helpCatalogue } from './fixtures/help.ts';
import { parseHelp } from './flags.ts';
import { ANY_ENGINE_VARIABLES, LLAMA_CPP_VARIABLES } from './allowed-environment.ts';
import type { FlagCatalogue } from './flags.ts';
import { guardOfVariable } from './guarded-environment.ts';
import { guardOfEntry } from './guarded-flags.ts';
import type { Guard } from './guarded-flags.ts';

const catalogue = helpCatalogue();

/** The guard of a variable of llama-server. */
const guardOf = (name: string, known: FlagCatalogue | null, value = '1'): Guard | null =>
  guardOfVariable(name, value, { catalogue: known, allowed: LLAMA_CPP_VARIABLES, readsFlagVariables: true });
/** The guard of a variable of a custom engine. */
const guardOfCustom = (name: string, value = '1'): Guard | null =>
  guardOfVariable(name, value, { catalogue: null, allowed: ANY_ENGINE_VARIABLES, readsFlagVariables: false });

describe('guardOfVariable', () => {
  it.each(
    words(`
      LLAMACTL_RUN LLAMACTL_TOKEN AIP_HTTP_PORT AIP_MODE AIP_ANYTHING LLAMA_API_KEY LLAMA_LOG_FILE LLAMA_ARG_HOST
      LLAMA_ARG_PORT LLAMA_ARG_API_KEY_FILE LLAMA_ARG_API_KEY LLAMA_ARG_SSL_KEY_FILE LLAMA_ARG_SSL_CERT_FILE
      LLAMA_ARG_LOG_FILE LLAMA_ARG_ALIAS LLAMA_ARG_MODEL LLAMA_ARG_API_PREFIX LLAMA_ARG_REUSE_PORT
      LLAMA_SERVER_ROUTER_PORT LLAMA_SERVER_CHILD_MODE
      UVICORN_PORT OLLAMA_HOST VLLM_HOST_IP VLLM_PORT GRADIO_SERVER_NAME
    `),
  )('%s is reserved', (name) => {
    expect(guardOf(name, catalogue)?.guard).toBe('reserved');
    expect(guardOf(name, null)?.guard).toBe('reserved');
  });

  it.each(
    words(`
      LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES PYTHONPATH PYTHONSTARTUP PYTHONHOME NODE_OPTIONS PATH
      BASH_ENV ENV GGML_BACKEND_PATH GCONV_PATH OPENSSL_CONF GLIBC_TUNABLES CUDA_INJECTION64_PATH
      OMP_TOOL_LIBRARIES UR_ADAPTERS_FORCE_LOAD VK_ICD_FILENAMES VK_LAYER_PATH GGML_METAL_PATH_RESOURCES
      VLLM_PLUGINS PERL5OPT RUBYOPT _JAVA_OPTIONS CC GIT_SSH_COMMAND LLAMA_CACHE HF_HOME XDG_CACHE_HOME HOME
      TMPDIR SSL_CERT_FILE http_proxy HTTPS_PROXY HF_ENDPOINT MODEL_ENDPOINT LLAMA_ARG_MCP_SERVERS_JSON
      LLAMA_ARG_MCP_SERVERS_CONFIG LLAMA_ARG_TOOLS LLAMA_ARG_AGENT LLAMA_ARG_NO_AGENT LLAMA_ARG_STATIC_PATH
      LLAMA_ARG_RPC LLAMA_ARG_MODEL_URL LLAMA_ARG_HF_REPO LLAMA_ARG_SLOT_SAVE_PATH LLAMA_ARG_VIDEO_FFMPEG_DIR
      LLAMA_ARG_UI_MCP_PROXY LLAMA_ARG_CHAT_TEMPLATE_FILE
      ZE_ENABLE_ALT_DRIVERS INTEL_LIBITTNOTIFY64 INTEL_JIT_PROFILER64 XPTI_FRAMEWORK_DISPATCHER XPTI_SUBSCRIBERS
      DOTNET_STARTUP_HOOKS CORECLR_PROFILER GUNICORN_CMD_ARGS COVERAGE_PROCESS_START GST_PLUGIN_SCANNER RUSTC_WRAPPER
      PHPRC GOFLAGS ERL_FLAGS OPAL_PREFIX CUBLAS_LOGDEST_DBG CUBLASLT_LOG_FILE FLEXIBLAS CONTAINERS_CONF_OVERRIDE
      FFREPORT DOCKER_HOST MY_SETTING HF_HUB_CACHE TRANSFORMERS_CACHE CUDA_CACHE_PATH NCCL_DEBUG_FILE OMP_TOOL
      TORCHINDUCTOR_CACHE_DIR VLLM_CONFIG_ROOT cuda_visible_devices OMP_NUM_THREADS_ constructor __proto__
    `),
  )('%s is privileged', (name) => {
    expect(guardOf(name, catalogue)?.guard).toBe('privileged');
    expect(guardOf(name, null)?.guard).toBe('privileged');
  });

  it.each(
    words(`
      CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES GGML_VK_VISIBLE_DEVICES HSA_OVERRIDE_GFX_VERSION OMP_NUM_THREADS
      GGML_CUDA_FORCE_MMQ LLAMA_ARG_CTX_SIZE LLAMA_ARG_NO_KV_OFFLOAD LLAMA_ARG_NO_HOST LLAMA_ARG_LOG_VERBOSITY
      LLAMA_ARG_MMPROJ LLAMA_ARG_SPEC_DRAFT_MODEL HF_TOKEN LLAMA_TRACE MTMD_BACKEND_DEVICE VLLM_USE_V1
      HF_HUB_OFFLINE
    `),
  )('%s is free', (name) => {
    expect(guardOf(name, catalogue)).toBeNull();
    expect(guardOf(name, null)).toBeNull();
  });

  it('rejects variables of flags that the engine does not have', () => {
    expect(guardOf('LLAMA_ARG_FROB', catalogue)?.guard).toBe('privileged');
    expect(guardOf('LLAMA_ARG_THREADS_', catalogue)?.guard).toBe('privileged');
    expect(guardOf('llama_arg_threads', catalogue)?.guard).toBe('privileged');
  });

  it("is stricter for a custom engine, where llama-server's flags mean nothing", () => {
    const free = words(
      'OMP_NUM_THREADS CUDA_VISIBLE_DEVICES HF_TOKEN VLLM_USE_V1 GGML_CUDA_FORCE_MMQ GGML_VK_VISIBLE_DEVICES',
    );
    for (const name of free) expect([name, guardOfCustom(name)]).toEqual([name, null]);
    for (const name of ['LLAMA_ARG_THREADS', 'LLAMA_TRACE', 'GGML_BACKEND_PATH', 'HF_HOME', 'MY_SETTING'])
      expect([name, guardOfCustom(name)?.guard]).toEqual([name, 'privileged']);
    expect(guardOfCustom('LLAMA_ARG_HOST')?.guard).toBe('reserved');
  });

  it.each([
    ['CUDA_VISIBLE_DEVICES', ['', '-1', '0,1', 'GPU-8932f937-d72c,GPU-1', 'MIG-GPU-8932f937/1/0', 'all']],
    ['OMP_NUM_THREADS', ['8', '4,2']],
    ['OMP_STACKSIZE', ['16M', '64 M', '2048', '512k', '4096B']],
    ['KMP_BLOCKTIME', ['0', '200', '200ms', '1s', 'infinite']],
    ['GOMP_SPINCOUNT', ['0', '300000', '10k', 'infinite', 'INFINITY']],
    ['CUDA_SCALE_LAUNCH_QUEUES', ['0.25x', '4x']],
    ['GGML_CUDA_P2P', ['1']],
    ['ZE_FLAT_DEVICE_HIERARCHY', ['FLAT', 'COMPOSITE']],
    ['ROCBLAS_USE_HIPBLASLT', ['0', '1']],
    ['NCCL_IB_HCA', ['mlx5', '=mlx5_0:1,mlx5_1:1', '^=mlx5_3']],
    ['NCCL_ALGO', ['Ring', '^Tree', 'ring,tree;allreduce:tree;broadcast:ring']],
    ['NCCL_PROTO', ['Simple', '^LL128', 'LL,Simple']],
    ['VLLM_PP_LAYER_PARTITION', ['9,10,9']],
    ['VLLM_CPU_NUM_OF_RESERVED_CPU', ['1']],
    ['VLLM_USE_DEEP_GEMM', ['0']],
    ['VLLM_USE_FLASHINFER_SAMPLER', ['1']],
    ['VLLM_SLEEP_WHEN_IDLE', ['1']],
    ['VLLM_MLA_DISABLE', ['1']],
    ['VLLM_ENABLE_V1_MULTIPROCESSING', ['0']],
    ['LC_TIME', ['de_DE.UTF-8']],
    ['PYTHONHASHSEED', ['0', 'random']],
    ['MALLOC_TRIM_THRESHOLD_', ['131072', '-1']],
    ['HF_HUB_OFFLINE', ['', '0', '1', 'true', 'ON']],
    ['OMP_PLACES', ['cores', '{0:4}:2', '{0,1},{2,3}']],
    ['HSA_OVERRIDE_GFX_VERSION', ['10.3.0']],
    ['HSA_OVERRIDE_GFX_VERSION_0', ['11.0.0']],
    ['HSA_OVERRIDE_GFX_VERSION_8', ['11.0.0']],
    ['ONEAPI_DEVICE_SELECTOR', ['level_zero:0,1', '!opencl:*']],
    ['PYTORCH_CUDA_ALLOC_CONF', ['max_split_size_mb:512,expandable_segments:True']],
    ['LANG', ['C', 'de_DE.UTF-8@euro']],
    ['TZ', ['Europe/Berlin', 'CET-1CEST,M3.5.0']],
    ['HF_TOKEN', ['', 'hf_aBc-1.2']],
  ])('allows the usual values of %s', (name, values) => {
    for (const value of values) expect([value, guardOf(name, catalogue, value)]).toEqual([value, null]);
  });

  it('allows no path, no URL and no second line in any listed variable', () => {
    const values = [
      '/etc/passwd',
      '../x',
      'a/../b',
      '~/x',
      'file:///x',
      'https://x.example/',
      ':/etc/x',
      'a\nb',
      './x',
      '@/x',
    ];
    for (const [name] of LLAMA_CPP_VARIABLES) {
      for (const value of values)
        expect([name, value, guardOf(name, catalogue, value)?.guard]).toEqual([name, value, 'privileged']);
    }
  });

  it("has the flag's guard for every variable in the help", () => {
    for (const entry of catalogue.entries) {
      for (const variable of entry.variables) {
        if (LLAMA_CPP_VARIABLES.has(variable)) continue;
        expect([variable, guardOf(variable, catalogue)?.guard]).toEqual([variable, guardOfEntry(entry)?.guard]);
        expect([variable, guardOf(variable, null)?.guard]).toEqual([variable, guardOfEntry(entry)?.guard]);
      }
    }
  });

  it("follows the help where a variable's name differs from its flag", () => {
    const help =
      '--secret-file FNAME                     a file\n                                        (env: LLAMA_ARG_FROB)\n';
    expect(guardOf('LLAMA_ARG_FROB', parseHelp(help))?.guard).toBe('privileged');
    expect(guardOf('LLAMA_ARG_NO_FROB', parseHelp(help))?.guard).toBe('privileged');
    // Without the help, names decide, as for options.
    expect(guardOf('LLAMA_ARG_FROB', null)).toBeNull();
  });

  it('ignores case', () => {
    const name = fc.constantFrom(
      'LD_PRELOAD',
      'LLAMACTL_RUN',
      'AIP_HTTP_PORT',
      'LLAMA_ARG_HOST',
      'LLAMA_ARG_TOOLS',
      'NODE_OPTIONS',
    );
    fc.assert(
      fc.property(name, fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (variable, lower) => {
        const mixed = Array.from(variable, (letter, index) =>
          lower[index % lower.length] ? letter.toLowerCase() : letter,
        ).join('');
        expect(guardOf(mixed, catalogue)).toEqual(guardOf(variable, catalogue));
      }),
    );
  });
});

describe('the documentation', () => {
  it('names only allowed variables', () => {
    const page = readFileSync(new URL('../../docs/engines.md', import.meta.url), 'utf8');
    const section = page.split('### Variables of an instance')[1]?.split('\n## ')[0] ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('|'));
    const names = rows.flatMap((row) => [...row.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name = '']) => name));
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !LLAMA_CPP_VARIABLES.has(name))).toEqual([]);
  });
});
