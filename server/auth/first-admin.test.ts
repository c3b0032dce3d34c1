import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIENT, AuthHarness, CHANCE } from '../testing/auth-harness.ts';
import { ensureFirstAdmin, forgetFirstPassword, isFirstPasswordInFile } from './first-admin.ts';

describe('the first admin', () => {
  let dataDir: string;
  let harness: AuthHarness;

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'llamactl-first-admin-'));
    harness = await AuthHarness.open();
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const ensure = (password: string | null = null) =>
    ensureFirstAdmin({ accounts: harness.auth.accounts, randomness: CHANCE, password, dataDir });
  const loginAs = (password: string) => harness.auth.sessions.login({ username: 'admin', password }, CLIENT);
  const file = (): string => path.join(dataDir, 'admin-password');

  it('gets the given password, which is written nowhere', async () => {
    expect(await ensure('given by hand')).toEqual({ username: 'admin', passwordFile: null });
    expect((await loginAs('given by hand')).user.role).toBe('admin');
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });

  it('otherwise gets a random one, in a file that only its owner can read', async () => {
    expect(await ensure()).toEqual({ username: 'admin', passwordFile: file() });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    const text = await readFile(file(), 'utf8');
    expect(text).toMatch(/^[A-Za-z0-9_-]{22}\n$/);
    expect((await loginAs(text.trim())).user.role).toBe('admin');
  });

  it('is created once, and not when an account exists', async () => {
    await ensure();
    const text = await readFile(file(), 'utf8');
    expect(await ensure()).toBe(null);
    await harness.restart();
    expect(await ensure('given by hand')).toBe(null);
    expect(await readFile(file(), 'utf8')).toBe(text);
  });

  it('gets another password when the previous start died between file and account', async () => {
    harness.store.failure = new Error('The disk is full.');
    await expect(ensure()).rejects.toThrow('The disk is full.');
    const before = await readFile(file(), 'utf8');
    harness.store.failure = null;
    await ensure();
    const after = await readFile(file(), 'utf8');
    expect(after).not.toBe(before);
    await loginAs(after.trim());
  });

  it('replaces an existing file, ignoring its mode and its symlink target', async () => {
    const elsewhere = path.join(dataDir, 'elsewhere');
    await writeFile(elsewhere, 'mine');
    await chmod(elsewhere, 0o666);
    await symlink(elsewhere, file());
    await ensure();
    expect(await readFile(elsewhere, 'utf8')).toBe('mine');
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it('is refused with an invalid password, in a sentence that does not show it', async () => {
    await expect(ensure('short')).rejects.toThrow('LLAMACTL_ADMIN_PASSWORD must have at least 8 characters.');
    expect(harness.auth.accounts.count).toBe(0);
  });

  describe('with another password', () => {
    const isThere = (): boolean => existsSync(file());

    beforeEach(async () => {
      await ensure();
      await harness.clock.advance(1_000);
      await harness.user('operator', 'operator');
    });

    const forget = (faults: unknown[] = []): void =>
      forgetFirstPassword(harness.auth.accounts, dataDir, (error) => void faults.push(error));

    it('has no file with the old one', async () => {
      await harness.restart();
      forget();
      const { accounts } = harness.auth;
      await accounts.update('operator', { password: 'another password' });
      await accounts.update('admin', { disabled: false });
      await accounts.update('operator', { role: 'admin' });
      await accounts.update('admin', { disabled: true });
      expect(isThere()).toBe(true);
      await accounts.update('admin', { password: 'another password' });
      await expect.poll(isThere).toBe(false);
    });

    it('is no longer said to be in the file', async () => {
      forget();
      expect(await isFirstPasswordInFile(dataDir)).toBe(true);
      await harness.auth.accounts.update('admin', { password: 'another password' });
      await expect.poll(() => isFirstPasswordInFile(dataDir)).toBe(false);
    });

    it('leaves no file when the account is removed', async () => {
      forget();
      await harness.auth.accounts.update('operator', { role: 'admin' });
      await harness.auth.accounts.remove('admin');
      await expect.poll(isThere).toBe(false);
    });

    it('reports a file that cannot be removed', async () => {
      await rm(file());
      await mkdir(file());
      const faults: unknown[] = [];
      forget(faults);
      await harness.auth.accounts.update('admin', { password: 'another password' });
      await expect.poll(() => faults).toHaveLength(1);
    });
  });
});
