import type { Cause } from '@llamactl/contract/cause';
import type { Phrase } from '@llamactl/contract/phrases';
import { expect, it } from 'vitest';
import { portInUse } from '../start-check.ts';
import { shortageText } from '../slots/shortage-text.ts';
import { reasonPhrase } from './reason-phrase.ts';

const GIB = 2 ** 30;
const SHORTAGE = shortageText({ device: 'nvidia:0', need: 5.5 * GIB, most: 3.25 * GIB, pinned: 0, limit: null }, [], {
  overcommit: 1,
});

it.each<[string, Cause | null, Phrase | null]>([
  [
    'the model file /m/a b.gguf does not exist',
    'model_missing',
    { kind: 'model_missing', data: { file: '/m/a b.gguf' } },
  ],
  ['failed to open file', 'model_missing', { kind: 'model_missing' }],
  [
    'the LoRA adapter /m/style.gguf cannot be read by llamactl’s user',
    'model_unreadable',
    { kind: 'model_unreadable', data: { file: '/m/style.gguf' } },
  ],
  [
    portInUse({ name: 'qwen', port: 8_100 }, 'python3 (pid 7)'),
    'port_in_use',
    { kind: 'port_in_use', data: { port: 8_100, holder: 'python3 (pid 7)' } },
  ],
  [
    SHORTAGE,
    'does_not_fit',
    { kind: 'does_not_fit', data: { device: 'nvidia:0', need_bytes: 5.5 * GIB, most_bytes: 3.25 * GIB } },
  ],
  [
    'gave up after 5 restarts in a row: invalid argument: --bogus',
    'argument',
    { kind: 'argument', data: { argument: '--bogus' } },
  ],
  [
    'the stored variable `LD_PRELOAD` may not be set',
    'argument',
    { kind: 'argument', data: { variable: 'LD_PRELOAD' } },
  ],
  [
    'llama-server was not found on the PATH (3 folders)',
    'engine_missing',
    { kind: 'engine_missing', data: { program: 'llama-server' } },
  ],
  [
    'error while loading shared libraries: libcuda.so.1: cannot open shared object file',
    'library_missing',
    { kind: 'library_missing', data: { library: 'libcuda.so.1' } },
  ],
  [
    'the engine showed no progress for 600 s while loading',
    'no_progress',
    { kind: 'no_progress', data: { seconds: 600 } },
  ],
  ['the engine exited with status 3', 'unknown', { kind: 'unknown', data: { status: 3 } }],
  ['idle for 300 s (idle_timeout)', null, { kind: 'idle', data: { seconds: 300 } }],
  ['it was evicted: another instance needed its slot or memory', null, { kind: 'evicted' }],
  ['the machine was rebooted', null, { kind: 'rebooted' }],
  ['stopped as asked', null, { kind: 'as_asked' }],
  ['going down', null, null],
])('the reason "%s" of the cause %s names its data', (reason, cause, phrase) => {
  expect(reasonPhrase(reason, cause)).toEqual(phrase);
});
