import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from './contexts.ts';
import { HeldDirectory } from '../testing/held-directory.ts';

let folder: string;
let contexts: Contexts;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-contexts-'));
  contexts = new Contexts(path.join(folder, 'config', 'contexts.json'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const GPU = { url: 'https://gpu.example', token: 'secret', username: 'ann' };

describe('contexts', () => {
  it('are empty without a file, and none is current', () => {
    expect([contexts.list(), contexts.current]).toEqual([[], null]);
    expect(() => contexts.get('gpu')).toThrow('there is no context gpu');
  });

  it('are stored in a file that only its owner can read, with any previous mode', () => {
    contexts.set('gpu', GPU);
    chmodSync(contexts.file, 0o644);
    contexts.set('other', { url: 'http://other.example' });
    expect(statSync(contexts.file).mode & 0o777).toBe(0o600);
    expect(new Contexts(contexts.file).list()).toEqual([
      ['gpu', GPU],
      ['other', { url: 'http://other.example' }],
    ]);
  });

  it('keep the current one until it is removed', () => {
    contexts.set('gpu', GPU);
    contexts.use('gpu');
    expect(contexts.current).toBe('gpu');
    contexts.remove('gpu');
    expect([contexts.current, contexts.list()]).toEqual([null, []]);
    expect(() => contexts.use('gpu')).toThrow('there is no context gpu');
  });

  it('list the existing names for an unknown one', () => {
    contexts.set('gpu', GPU);
    expect(() => contexts.get('gpx')).toThrow('there is no context gpx; contexts: gpu');
    expect(() => contexts.get('toString')).toThrow('there is no context');
  });

  it('that follow a server of this machine have its current address, else the last known one for display', () => {
    const follows = { url: 'http://127.0.0.1:8080', data_dir: path.join(folder, 'data'), token: 'secret' };
    contexts.set('local', follows);
    expect(contexts.get('local')).toEqual(follows);
    const server = new HeldDirectory(follows.data_dir);
    server.describe('http://127.0.0.1:8090');
    expect(contexts.get('local')).toEqual({ ...follows, url: 'http://127.0.0.1:8090' });
    expect(contexts.list()).toEqual([['local', { ...follows, url: 'http://127.0.0.1:8090' }]]);
    server.release();
    server.write({ pid: process.pid, url: 'http://127.0.0.1:8090' });
    expect(contexts.get('local')).toEqual(follows);
  });

  it.each(['the file', 'its folder'])('are not used while others can write %s', (what) => {
    contexts.set('gpu', GPU);
    chmodSync(what === 'the file' ? contexts.file : path.dirname(contexts.file), 0o720);
    expect(() => contexts.list()).toThrow('other users can write to');
  });

  it('remove the write permission of others from our folder without contexts', () => {
    const place = path.dirname(contexts.file);
    mkdirSync(place);
    chmodSync(place, 0o775);
    contexts.set('gpu', GPU);
    expect([contexts.list(), statSync(place).mode & 0o777]).toEqual([[['gpu', GPU]], 0o755]);
  });

  it.runIf(process.getuid?.() === 0)("are not written if another user's folder is open to others", () => {
    const place = path.dirname(contexts.file);
    mkdirSync(place);
    chownSync(place, 4321, 4321);
    chmodSync(place, 0o775);
    expect(() => contexts.prepare()).toThrow('other users can write to');
    expect(() => contexts.set('gpu', GPU)).toThrow('other users can write to');
    expect([readdirSync(place), statSync(place).mode & 0o777]).toEqual([[], 0o775]);
  });

  it('are not overwritten when their file is damaged', () => {
    contexts.set('gpu', GPU);
    writeFileSync(contexts.file, '{"current": 1}');
    expect(() => contexts.set('x', { url: 'http://x' })).toThrow('is damaged');
    expect(readFileSync(contexts.file, 'utf8')).toBe('{"current": 1}');
  });

  it('have names without special characters of shells', () => {
    expect(() => contexts.set('a b', GPU)).toThrow('is not a valid context name');
  });
});
