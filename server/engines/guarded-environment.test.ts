import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { words } from './fixtures/words.ts';
import { helpCatalogue } from './fixtures/help.ts';
import { parseHelp } from './flags.ts';
import { OPEN_VARIABLES, guardOfVariable } from './guarded-environment.ts';
import { guardOfEntry } from './guarded-flags.ts';

const catalogue = helpCatalogue();

describe('the guard of environment variables', () => {
  it.each(
    words(`
      LLAMACTL_RUN LLAMACTL_TOKEN AIP_HTTP_PORT AIP_MODE AIP_ANYTHING LLAMA_API_KEY LLAMA_LOG_FILE LLAMA_ARG_HOST
      LLAMA_ARG_PORT LLAMA_ARG_API_KEY_FILE LLAMA_ARG_API_KEY LLAMA_ARG_SSL_KEY_FILE LLAMA_ARG_SSL_CERT_FILE
      LLAMA_ARG_LOG_FILE LLAMA_ARG_ALIAS LLAMA_ARG_MODEL LLAMA_ARG_API_PREFIX LLAMA_ARG_REUSE_PORT
      LLAMA_SERVER_ROUTER_PORT LLAMA_SERVER_CHILD_MODE
      UVICORN_PORT OLLAMA_HOST VLLM_HOST_IP VLLM_PORT GRADIO_SERVER_NAME
    `),
  )('%s is reserved', (name) => {
    expect(guardOfVariable(name, catalogue)?.guard).toBe('reserved');
    expect(guardOfVariable(name, null)?.guard).toBe('reserved');
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
      PHPRC GOFLAGS ERL_FLAGS OPAL_PREFIX
    `),
  )('%s is privileged', (name) => {
    expect(guardOfVariable(name, catalogue)?.guard).toBe('privileged');
    expect(guardOfVariable(name, null)?.guard).toBe('privileged');
  });

  it.each(
    words(`
      CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES GGML_VK_VISIBLE_DEVICES HSA_OVERRIDE_GFX_VERSION OMP_NUM_THREADS
      GGML_CUDA_FORCE_MMQ LLAMA_ARG_CTX_SIZE LLAMA_ARG_NO_KV_OFFLOAD LLAMA_ARG_NO_HOST LLAMA_ARG_LOG_VERBOSITY
      LLAMA_ARG_MMPROJ LLAMA_ARG_SPEC_DRAFT_MODEL HF_TOKEN PYTORCH_CUDA_ALLOC_CONF TZ LANG MY_SETTING LLAMA_TRACE
      MTMD_BACKEND_DEVICE VLLM_USE_V1 NCCL_SOCKET_IFNAME
    `),
  )('%s is free', (name) => {
    expect(guardOfVariable(name, catalogue)).toBeNull();
    expect(guardOfVariable(name, null)).toBeNull();
  });

  it('is that of the flag for every variable that the help names, known or not', () => {
    for (const entry of catalogue.entries) {
      for (const variable of entry.variables) {
        if (OPEN_VARIABLES.has(variable)) continue;
        expect([variable, guardOfVariable(variable, catalogue)?.guard]).toEqual([variable, guardOfEntry(entry)?.guard]);
        expect([variable, guardOfVariable(variable, null)?.guard]).toEqual([variable, guardOfEntry(entry)?.guard]);
      }
    }
  });

  it('follows the help where a variable does not sound like its flag', () => {
    const help =
      '--secret-file FNAME                     a file\n                                        (env: LLAMA_ARG_FROB)\n';
    expect(guardOfVariable('LLAMA_ARG_FROB', parseHelp(help))?.guard).toBe('privileged');
    expect(guardOfVariable('LLAMA_ARG_NO_FROB', parseHelp(help))?.guard).toBe('privileged');
    expect(guardOfVariable('LLAMA_ARG_FROB', null)).toBeNull();
  });

  it('does not depend on case', () => {
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
        expect(guardOfVariable(mixed, catalogue)).toEqual(guardOfVariable(variable, catalogue));
      }),
    );
  });
});
