/** The allowed format of a variable's value. A value in another format needs `security.allow_privileged`. */
export type VariableValue = 'number' | 'amount' | 'switch' | 'devices' | 'word' | 'zone' | 'token';

/** Variables that an instance may set, by exact name. */
export type AllowedVariables = ReadonlyMap<string, VariableValue>;

/** The format of each kind. None accepts an absolute path or a URL; {@link misfit} also refuses `..`. */
const FORMS: Readonly<Record<VariableValue, { fits: RegExp; what: string }>> = {
  number: { fits: /^(-?\d+(\.\d+)?([KMGT]i?B?)?(,-?\d+(\.\d+)?)*)?$/i, what: 'a number, or numbers with commas' },
  // libgomp and libomp accept blanks before a unit, and `infinite`.
  amount: {
    fits: /^(\d+ *([KMGT]i?B?|B|s|ms|us)?|infinit[ey])?$/i,
    what: 'an amount, such as `64M`, `200ms` or `infinite`',
  },
  switch: { fits: /^(\d{1,2}|true|false|on|off|yes|no|enabled?|disabled?)?$/i, what: 'a switch, such as 0 or 1' },
  devices: { fits: /^([A-Za-z0-9*!-][\w.:;,*! -]*(\/\d+)*)?$/, what: 'devices by number or name' },
  word: { fits: /^([A-Za-z0-9{([^=<-][\w.:;,=+*@^<>(){}[\]| -]*)?$/, what: 'a word, and no path or URL' },
  zone: { fits: /^([A-Za-z<][\w+,.<>-]*(\/\w[\w+,.<>-]*)*)?$/, what: 'a time zone, such as Europe/Berlin' },
  token: { fits: /^[\w.-]*$/, what: 'a token: letters, digits, `_`, `-` and dots' },
};

/** The expected format, as text after "takes"; `null`: the value fits. */
export function misfit(kind: VariableValue, value: string): string | null {
  const { fits, what } = FORMS[kind];
  return fits.test(value) && !value.includes('..') ? null : what;
}

function listOf(names: Partial<Readonly<Record<VariableValue, string>>>): AllowedVariables {
  const kinds = Object.keys(FORMS) as VariableValue[];
  return new Map(
    kinds.flatMap((kind) => (names[kind] ?? '').split(/\s+/).flatMap((name) => (name === '' ? [] : [[name, kind]]))),
  );
}

/**
 * Variables for every kind of engine: devices, threads, allocators, offline switches, language, and the switches of
 * ggml, because custom engines are often forks of llama.cpp. None of them makes an engine open a file, load code or
 * reach another machine. `HF_HOME` and cache folders are missing on purpose: Python engines load code from there.
 * `HF_ENDPOINT` and proxies are missing because they send tokens and prompts elsewhere.
 */
export const ANY_ENGINE_VARIABLES = listOf({
  devices: `
    CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES GPU_DEVICE_ORDINAL
    ONEAPI_DEVICE_SELECTOR ZE_AFFINITY_MASK ASCEND_RT_VISIBLE_DEVICES MUSA_VISIBLE_DEVICES
    GGML_VK_VISIBLE_DEVICES`,
  number: `
    OMP_NUM_THREADS OMP_THREAD_LIMIT OMP_MAX_ACTIVE_LEVELS MKL_NUM_THREADS OPENBLAS_NUM_THREADS
    GOTO_NUM_THREADS BLIS_NUM_THREADS NUMEXPR_NUM_THREADS NUMEXPR_MAX_THREADS VECLIB_MAXIMUM_THREADS RAYON_NUM_THREADS MALLOC_ARENA_MAX MALLOC_TRIM_THRESHOLD_
    CUDA_DEVICE_MAX_CONNECTIONS CUDA_CACHE_MAXSIZE GPU_MAX_HW_QUEUES AMD_SERIALIZE_KERNEL
    HF_HUB_DOWNLOAD_TIMEOUT HF_HUB_ETAG_TIMEOUT VLLM_CPU_KVCACHE_SPACE VLLM_FLASH_ATTN_VERSION
    VLLM_RPC_TIMEOUT VLLM_ENGINE_ITERATION_TIMEOUT_S
    VLLM_CPU_NUM_OF_RESERVED_CPU VLLM_PP_LAYER_PARTITION
    GGML_SCHED_DEBUG GGML_SYCL_DEBUG GGML_OP_OFFLOAD_MIN_BATCH GGML_VK_FORCE_MAX_ALLOCATION_SIZE
    GGML_VK_FORCE_MAX_BUFFER_SIZE GGML_VK_SUBALLOCATION_BLOCK_SIZE`,
  amount: 'OMP_STACKSIZE GOMP_SPINCOUNT KMP_BLOCKTIME',
  switch: `
    CUDA_LAUNCH_BLOCKING CUDA_CACHE_DISABLE NVIDIA_TF32_OVERRIDE HIP_LAUNCH_BLOCKING HSA_ENABLE_SDMA HSA_XNACK
    ZES_ENABLE_SYSMAN SYCL_CACHE_PERSISTENT SYCL_PI_LEVEL_ZERO_USE_IMMEDIATE_COMMANDLISTS
    UR_L0_ENABLE_RELAXED_ALLOCATION_LIMITS OMP_DYNAMIC OMP_NESTED OMP_CANCELLATION MKL_DYNAMIC
    TOKENIZERS_PARALLELISM HF_HUB_OFFLINE HF_HUB_DISABLE_TELEMETRY HF_HUB_DISABLE_PROGRESS_BARS HF_HUB_DISABLE_XET
    HF_HUB_ENABLE_HF_TRANSFER HF_DATASETS_OFFLINE TRANSFORMERS_OFFLINE DO_NOT_TRACK NO_COLOR PYTHONUNBUFFERED
    NCCL_P2P_DISABLE NCCL_IB_DISABLE NCCL_SHM_DISABLE NCCL_CUMEM_ENABLE VLLM_USE_V1 VLLM_DO_NOT_TRACK
    VLLM_NO_USAGE_STATS VLLM_SKIP_P2P_CHECK VLLM_ALLOW_LONG_MAX_MODEL_LEN VLLM_USE_TRITON_FLASH_ATTN
    VLLM_USE_FLASHINFER_SAMPLER VLLM_USE_DEEP_GEMM VLLM_SLEEP_WHEN_IDLE VLLM_MLA_DISABLE
    VLLM_ENABLE_V1_MULTIPROCESSING ROCBLAS_USE_HIPBLASLT
    GGML_CUDA_FORCE_MMQ GGML_CUDA_FORCE_CUBLAS GGML_CUDA_FORCE_CUBLAS_COMPUTE_16F GGML_CUDA_FORCE_CUBLAS_COMPUTE_32F
    GGML_CUDA_ENABLE_UNIFIED_MEMORY GGML_CUDA_DISABLE_GRAPHS GGML_CUDA_DISABLE_FUSION GGML_CUDA_GRAPH_OPT
    GGML_CUDA_GRAPH_DEBUG GGML_CUDA_NO_PINNED GGML_CUDA_P2P GGML_CUDA_REGISTER_HOST GGML_VK_DISABLE_F16
    GGML_VK_DISABLE_BFLOAT16 GGML_VK_DISABLE_COOPMAT GGML_VK_DISABLE_COOPMAT2 GGML_VK_DISABLE_INTEGER_DOT_PRODUCT
    GGML_VK_DISABLE_FUSION GGML_VK_DISABLE_MULTI_ADD GGML_VK_DISABLE_GRAPH_OPTIMIZE
    GGML_VK_DISABLE_HOST_VISIBLE_VIDMEM GGML_VK_DISABLE_ASYNC GGML_VK_PREFER_HOST_MEMORY
    GGML_VK_ALLOW_SYSMEM_FALLBACK GGML_VK_PERF_LOGGER GGML_METAL_NO_RESIDENCY GGML_METAL_FUSION_DISABLE
    GGML_METAL_CONCURRENCY_DISABLE GGML_METAL_GRAPH_OPTIMIZE_DISABLE GGML_METAL_BF16_DISABLE
    GGML_METAL_TENSOR_DISABLE GGML_METAL_SHARED_BUFFERS_DISABLE GGML_SYCL_DISABLE_OPT GGML_SYCL_DISABLE_GRAPH
    GGML_SYCL_DISABLE_DNN GGML_SYCL_PRIORITIZE_DMMV GGML_CPU_DISABLE_FUSION GGML_CPU_TILED_MM
    GGML_CPU_TILED_MM_FORCE GGML_NO_BACKTRACE`,
  word: `
    HSA_OVERRIDE_GFX_VERSION HSA_OVERRIDE_GFX_VERSION_0 HSA_OVERRIDE_GFX_VERSION_1 HSA_OVERRIDE_GFX_VERSION_2
    HSA_OVERRIDE_GFX_VERSION_3 HSA_OVERRIDE_GFX_VERSION_4 HSA_OVERRIDE_GFX_VERSION_5 HSA_OVERRIDE_GFX_VERSION_6
    HSA_OVERRIDE_GFX_VERSION_7 HSA_OVERRIDE_GFX_VERSION_8 NCCL_SOCKET_IFNAME GLOO_SOCKET_IFNAME NCCL_IB_HCA
    NCCL_ALGO NCCL_PROTO
    CUDA_SCALE_LAUNCH_QUEUES ZE_FLAT_DEVICE_HIERARCHY PYTHONHASHSEED GGML_OPENCL_PLATFORM GGML_OPENCL_DEVICE
    CUDA_DEVICE_ORDER CUDA_MODULE_LOADING NVIDIA_DRIVER_CAPABILITIES OMP_PROC_BIND OMP_PLACES OMP_SCHEDULE
    OMP_WAIT_POLICY GOMP_CPU_AFFINITY KMP_AFFINITY KMP_HW_SUBSET MKL_THREADING_LAYER MKL_INTERFACE_LAYER
    PYTORCH_ALLOC_CONF PYTORCH_CUDA_ALLOC_CONF PYTORCH_HIP_ALLOC_CONF NCCL_DEBUG NCCL_P2P_LEVEL
    VLLM_ATTENTION_BACKEND VLLM_LOGGING_LEVEL VLLM_WORKER_MULTIPROC_METHOD VLLM_CPU_OMP_THREADS_BIND
    LANG LANGUAGE LC_ALL LC_CTYPE LC_MESSAGES LC_NUMERIC LC_TIME`,
  zone: 'TZ',
  token: 'HF_TOKEN',
});

/** Variables for llama-server: the common ones and its own. Variables of its flags come from its `--help`. */
export const LLAMA_CPP_VARIABLES: AllowedVariables = new Map([
  ...ANY_ENGINE_VARIABLES,
  ...listOf({
    devices: 'MTMD_BACKEND_DEVICE',
    number: 'LLAMA_SERVER_SLOTS_N_DIFF',
    switch: `
      LLAMA_TRACE LLAMA_ATTN_ROT_DISABLE LLAMA_GRAPH_REUSE_DISABLE LLAMA_BATCH_DEBUG LLAMA_KV_CACHE_DEBUG
      LLAMA_GRAPH_INPUT_DEBUG LLAMA_GRAPH_RESULT_DEBUG LLAMA_ARG_NO_HOST`,
  }),
]);
