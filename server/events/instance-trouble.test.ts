import { describe, expect, it } from 'vitest';
import { judgeCrashLoop, judgeFailed, judgeGpuMemory, judgePortClash, type StatusChange } from './instance-trouble.ts';

const change = (given: Partial<StatusChange>): StatusChange => ({
  name: 'chat',
  status: 'running',
  reason: null,
  port: 8_100,
  onDemand: false,
  isRetried: false,
  restarts: 0,
  ...given,
});

describe('judgeFailed', () => {
  it('raises until the instance leaves `failed`', () => {
    const reason = 'gave up after 5 restarts in a row: the engine crashed (SIGSEGV)';
    expect(judgeFailed(change({ status: 'failed', reason }))).toBe(
      'chat failed (gave up after 5 restarts in a row): the engine crashed (SIGSEGV). It stays down until it is started.',
    );
    expect(judgeFailed(change({ status: 'failed', reason, onDemand: true }))).toBe(
      'chat failed (gave up after 5 restarts in a row): the engine crashed (SIGSEGV). Only the next request tries again.',
    );
    expect(judgeFailed(change({ status: 'failed', reason: 'no model file', onDemand: true }))).toBe(
      'chat failed: no model file. The next request tries again.',
    );
    expect(judgeFailed(change({ status: 'starting' }))).toBe(null);
    expect(judgeFailed(change({ status: 'starting', isRetried: true }))).toBe(undefined);
    expect(judgeFailed(change({ status: 'running', isRetried: true }))).toBe(null);
  });
});

describe('judgeCrashLoop', () => {
  it.each([
    ['its second backoff in a row', { status: 'restarting', restarts: 2 }, null],
    ['being stopped', { status: 'stopped', restarts: 3 }, null],
    ['its giving up', { status: 'failed', restarts: 5 }, null],
    ['a start by a command', { status: 'starting', restarts: 0 }, null],
    ['running between two crashes', { status: 'running', restarts: 3 }, undefined],
    ['its stopping', { status: 'stopping', restarts: 3 }, undefined],
  ] as const)('returns no alert for %s', (_what, given, verdict) => {
    expect(judgeCrashLoop(change(given), 0)).toBe(verdict);
  });

  it('raises from the third backoff on, with the cause', () => {
    const reason = 'backoff after: the engine crashed (SIGSEGV)';
    const message = judgeCrashLoop(change({ status: 'restarting', restarts: 3, reason }), 0);
    expect(message).toMatch(/restarted 3 times in a row\. The last time: the engine crashed \(SIGSEGV\)\. Its log/);
    expect(judgeCrashLoop(change({ status: 'starting', restarts: 3 }), 0)).toMatch(/restarted 3 times in a row\. Its/);
  });

  it('ignores restarts from before a change of the settings', () => {
    expect(judgeCrashLoop(change({ status: 'starting', restarts: 3 }), 3)).toBe(undefined);
    expect(judgeCrashLoop(change({ status: 'restarting', restarts: 4 }), 3)).toMatch(/4 times/);
  });
});

describe('judgePortClash', () => {
  it.each([
    'port 8100 is in use by nginx (pid 77)',
    "couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8100: is the port in use?",
    'the engine exited with status 1: Error: listen EADDRINUSE: address already in use 127.0.0.1:8100',
    'the engine exited with status 1: OSError: [Errno 98] Address already in use',
    'backoff after: the engine exited with status 1: error while attempting to bind: address already in use',
  ])('raises for "%s"', (reason) => {
    expect(judgePortClash(change({ status: 'failed', reason }))).toMatch(/^chat cannot start.* 8100.*another port\.$/);
    expect(judgePortClash(change({ status: 'restarting', reason }))).not.toBe(undefined);
  });

  it('raises when every port of the range is taken', () => {
    const reason = 'every port of instances.port_range is in use';
    expect(judgePortClash(change({ status: 'failed', reason }))).toBe(
      'chat cannot start: every port of instances.port_range is in use. Widen that range, or stop the programs that use its ports.',
    );
  });

  it.each([
    [{ status: 'running' }, null],
    [{ status: 'stopped' }, null],
    [{ status: 'failed', reason: 'there is no file /m.gguf' }, null],
    [{ status: 'starting' }, undefined],
    [{ status: 'restarting', reason: 'going down to start again, as asked' }, undefined],
  ] as const)('judges %j as %s', (given, verdict) => {
    expect(judgePortClash(change(given))).toBe(verdict);
  });
});

describe('judgeGpuMemory', () => {
  it.each([
    'unable to allocate CUDA0 buffer (/models/a.gguf)',
    'allocating 9216.00 MiB on device 0: cudaMalloc failed: out of memory',
    'failed to allocate Vulkan0 buffer of size 4294967296',
    'Device memory allocation of size 118497280 failed: vk::Device::allocateMemory: ErrorOutOfDeviceMemory',
    'the engine exited with status 1: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB',
    'ValueError: Free memory on device (3.1/24.0 GiB) on startup is less than desired GPU memory utilization',
  ])('raises for "%s"', (reason) => {
    expect(judgeGpuMemory(change({ status: 'failed', reason }))).toBe(true);
  });

  it.each([
    [{ status: 'running' }, false],
    [{ status: 'stopped' }, false],
    [{ status: 'failed', reason: 'unable to allocate CPU buffer' }, false],
    [{ status: 'failed', reason: 'the engine was killed by SIGKILL; the system had run out of memory' }, false],
    [{ status: 'starting' }, undefined],
    [{ status: 'restarting', reason: 'going down to start again, as asked' }, undefined],
  ] as const)('judges %j as %s', (given, verdict) => {
    expect(judgeGpuMemory(change(given))).toBe(verdict);
  });
});
