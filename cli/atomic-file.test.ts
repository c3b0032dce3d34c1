import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from './atomic-file.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-atomic-'));
  file = path.join(folder, 'file');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('writeAtomically', () => {
  it('writes a new file with its mode, and leaves nothing beside it', () => {
    writeAtomically(file, 'text', { mode: 0o600, mayReplace: false });
    expect(readFileSync(file, 'utf8')).toBe('text');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('replaces a file and its mode', () => {
    writeFileSync(file, 'old', { mode: 0o644 });
    writeAtomically(file, 'new', { mode: 0o600, mayReplace: true });
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves an existing file alone unless it may replace it', () => {
    writeFileSync(file, 'old');
    expect(() => writeAtomically(file, 'new', { mode: 0o600, mayReplace: false })).toThrow('EEXIST');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves nothing when the file cannot get its name', () => {
    mkdirSync(path.join(file, 'inside'), { recursive: true });
    expect(() => writeAtomically(file, 'new', { mode: 0o600, mayReplace: true })).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('reports a missing folder', () => {
    const nowhere = path.join(folder, 'missing', 'file');
    expect(() => writeAtomically(nowhere, 'text', { mode: 0o600, mayReplace: true })).toThrow('ENOENT');
  });
});
