import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { userHomes, isSameListener } from './own-file.ts';

it("lists the homes of this machine's users, each once", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-homes-'));
  try {
    const file = path.join(folder, 'passwd');
    const lines = [
      'root:x:0:0:root:/root:/bin/sh',
      'llamactl:x:998:998::/var/lib/llamactl:/usr/sbin/nologin',
      'other:x:997:997::/var/lib/llamactl:/usr/sbin/nologin',
      '+::::::',
      '# a comment',
      '',
    ];
    writeFileSync(file, lines.join('\n'));
    expect(userHomes(file)).toEqual(['/root', '/var/lib/llamactl']);
    expect(userHomes(path.join(folder, 'missing'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each([
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/', true],
  ['http://localhost:8080', 'http://127.0.0.1:8080', true],
  ['http://127.0.0.2:8080', 'http://127.0.0.1:8080', true],
  ['http://localhost:8080', 'http://[::1]:8080', true],
  ['http://gpu.example:8080', 'http://gpu.example:8080', true],
  ['http://[::1]:8080', 'http://127.0.0.1:8080', false],
  ['http://localhost:8081', 'http://127.0.0.1:8080', false],
  ['https://localhost:8080', 'http://127.0.0.1:8080', false],
  ['http://localhost:8080/one', 'http://127.0.0.1:8080/two', false],
  ['http://gpu.example:8080', 'http://127.0.0.1:8080', false],
  ['nonsense', 'nonsense', false],
])('%s and %s name one listener: %s', (one, other, isOne) => {
  expect(isSameListener(one, other)).toBe(isOne);
  expect(isSameListener(other, one)).toBe(isOne);
});
