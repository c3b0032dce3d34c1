import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inheritedEnvironment, readEnvironment } from './env.ts';

const inherits = (name: string, value = 'x'): boolean => name in inheritedEnvironment({ [name]: value });

describe('readEnvironment', () => {
  it('returns a copy that does not change', () => {
    const environment = readEnvironment();
    expect(environment['PATH']).toBe(process.env['PATH']);
    expect(Object.isFrozen(environment)).toBe(true);
    expect(environment).not.toBe(process.env);
  });
});

describe('inheritedEnvironment', () => {
  it.each(
    [
      ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'XDG_CACHE_HOME', 'SSL_CERT_FILE'],
      ['CUDA_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'HSA_OVERRIDE_GFX_VERSION'],
      ['ONEAPI_DEVICE_SELECTOR', 'GGML_VK_VISIBLE_DEVICES', 'VK_ICD_FILENAMES', 'OMP_NUM_THREADS'],
      ['HTTPS_PROXY', 'http_proxy', 'no_proxy'],
    ].flat(),
  )('passes %s on', (name) => {
    expect(inherits(name)).toBe(true);
  });

  it.each(
    [
      ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'LLAMACTL_TOKEN', 'LLAMACTL_ADMIN_PASSWORD', 'LLAMACTL_RUN'],
      ['NVIDIA_API_KEY', 'AWS_SECRET_ACCESS_KEY', 'OPENAI_API_KEY', 'CUDA_SOME_PASSWORD', 'SSH_AUTH_SOCK'],
      ['LLAMA_ARG_HOST', 'LLAMA_ARG_PORT', 'LLAMA_API_KEY', 'AIP_HTTP_PORT', 'LD_PRELOAD', 'PYTHONPATH'],
      ['NODE_OPTIONS', 'GLIBC_TUNABLES', 'LISTEN_FDS', 'NOTIFY_SOCKET', 'INVOCATION_ID', 'ANYTHING_ELSE'],
    ].flat(),
  )('keeps %s', (name) => {
    expect(inherits(name)).toBe(false);
  });

  it('drops a proxy with a password', () => {
    expect(inherits('HTTPS_PROXY', 'http://proxy.example:3128')).toBe(true);
    expect(inherits('HTTPS_PROXY', 'http://user:secret@proxy.example:3128')).toBe(false);
  });

  it('changes no value and adds none', () => {
    expect(inheritedEnvironment({ PATH: '/bin', HF_TOKEN: 'secret', LC_TIME: 'C' })).toEqual({
      PATH: '/bin',
      LC_TIME: 'C',
    });
  });

  it('never passes on a name that looks like a secret, in any family', () => {
    const family = fc.constantFrom('CUDA_', 'GGML_', 'HF_', 'LC_', 'VK_', 'HSA_', 'MKL_', 'LLAMACTL_');
    const secret = fc.constantFrom('TOKEN', 'API_KEY', 'SECRET', 'PASSWORD', 'CREDENTIALS');
    fc.assert(
      fc.property(family, fc.stringMatching(/^[A-Z_]{0,8}$/), secret, (prefix, middle, suffix) => {
        expect(inherits(`${prefix}${middle}${suffix}`)).toBe(false);
      }),
    );
  });
});
