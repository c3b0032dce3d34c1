import { expect, it } from 'vitest';
import { causeOf } from './failure-cause.ts';

const LLAMA_CPP = { engine: 'llama_cpp' };

it.each(['22.00 GiB of nvidia:0', '2.19 TiB of ram', '700.5 MiB of ram', '22.00 GB of nvidia:0', '700.5 MB of ram'])(
  'a start that needs %s does not fit, also in the reasons that earlier versions stored',
  (need) => {
    expect(causeOf(`it needs ${need}, and can get at most 1 MiB; raise \`memory.overcommit\` (now 1)`, LLAMA_CPP)).toBe(
      'does_not_fit',
    );
  },
);

it.each([
  ['own', undefined, 'exited with status 1: config.json: No such file or directory', 'unknown'],
  ['own', undefined, 'exited with status 1: open /dev/x: Permission denied', 'unknown'],
  ['own', '/m/a.bin', 'exited with status 1: config.json: No such file or directory', 'unknown'],
  ['own', '/m/a.bin', 'exited with status 1: cannot open /m/a.bin: No such file or directory', 'model_missing'],
  ['own', undefined, 'libx.so: cannot open shared object file: No such file (shared library)', 'library_missing'],
  ['llama_cpp', '/m/a.gguf', 'failed to open file (No such file or directory)', 'model_missing'],
])(
  'a program of the engine %s with the model %s that ended by "%s" has the cause %s',
  (engine, file, reason, cause) => {
    expect(causeOf(reason, { engine, model_path: file })).toBe(cause);
  },
);
