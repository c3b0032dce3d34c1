import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkedOutCommit } from './checkout.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-checkout-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Output of git, without settings of a user. */
function git(...words: string[]): string {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', [...who, ...words], { cwd: folder, env, encoding: 'utf8' }).trim();
}

describe('the commit of a checkout', () => {
  beforeEach(() => {
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '-m', 'first');
  });

  it('matches git on a branch, also with packed references', () => {
    const commit = git('rev-parse', 'HEAD');
    expect(checkedOutCommit(folder)).toBe(commit);
    git('pack-refs', '--all');
    expect(checkedOutCommit(folder)).toBe(commit);
    git('commit', '--quiet', '--allow-empty', '-m', 'second');
    expect(checkedOutCommit(folder)).toBe(git('rev-parse', 'HEAD'));
    expect(checkedOutCommit(folder)).not.toBe(commit);
  });

  it('matches git without a branch', () => {
    git('checkout', '--quiet', '--detach');
    expect(checkedOutCommit(folder)).toBe(git('rev-parse', 'HEAD'));
  });

  it('matches git in a second worktree', () => {
    git('worktree', 'add', '--quiet', 'second');
    expect(checkedOutCommit(path.join(folder, 'second'))).toBe(git('rev-parse', 'HEAD'));
  });
});

describe('the commit is null', () => {
  it('without a repository', () => {
    expect(checkedOutCommit(folder)).toBeNull();
  });

  it('before the first commit', () => {
    git('init', '--quiet');
    expect(checkedOutCommit(folder)).toBeNull();
  });

  it('if git stores it in an unsupported way', () => {
    mkdirSync(path.join(folder, '.git'));
    writeFileSync(path.join(folder, '.git', 'HEAD'), 'ref: refs/heads/.invalid\n');
    expect(checkedOutCommit(folder)).toBeNull();
  });
});
