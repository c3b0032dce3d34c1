import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { userHomes } from './user-homes.ts';

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
