import { describe, expect, it } from 'vitest';
import { devices, engineVersion, judgeVersion, missingFlags } from './engine-version.ts';

describe('the version of llama-server', () => {
  it.each([
    ['version: 0.7.0 (build 11669, commit Debian)\nbuilt with GCC', '0.7.0 (build 11669, commit Debian)', 11_669],
    ['version: 10573 (1a2b3c4d)\nbuilt with cc', '10573 (1a2b3c4d)', 10_573],
    ['load_backend: loaded CPU backend\nversion: b9000 (1a2b3c4d)', 'b9000 (1a2b3c4d)', 9_000],
    ['version: 0.9.0', '0.9.0', null],
  ])('is read from %j', (output, text, build) => {
    expect(engineVersion(output)).toEqual({ text, build });
  });

  it.each([
    ['that was tested', 'version: 0.7.0 (build 11669, commit Debian)', 'ok'],
    ['without a build number', 'version: 0.9.0', 'ok'],
    ['that is older', 'version: 4000 (abc)', 'warning'],
    ['of another program', 'GNU bash, version 5', 'warning'],
  ])('%s', (_what, output, level) => {
    expect(judgeVersion('/bin/llama-server', engineVersion(output)).level).toBe(level);
  });
});

describe('the help of llama-server', () => {
  it('has or lacks the flags that llamactl passes', () => {
    const help = '-m, --model FNAME\n--host HOST\n--port PORT\n-a, --alias STRING';
    expect(missingFlags(`${help}\n-lv, --verbosity, --log-verbosity N`)).toEqual([]);
    expect(missingFlags(`${help}\n-lv, --verbosity N`)).toEqual(['--log-verbosity']);
  });

  it('reports nothing if it is not a help text', () => {
    expect(missingFlags('usage: cat [file]')).toEqual([]);
  });
});

describe('the devices of llama-server', () => {
  it('are listed, empty, or not reported', () => {
    const list = 'x\nAvailable devices:\n  CUDA0: NVIDIA RTX (24077 MiB, 23500 MiB free)\n';
    expect(devices(list)).toEqual(['CUDA0: NVIDIA RTX (24077 MiB, 23500 MiB free)']);
    expect(devices('Available devices:\n  (none)\n')).toEqual([]);
    expect(devices('error: invalid argument: --list-devices')).toBe(null);
  });
});
