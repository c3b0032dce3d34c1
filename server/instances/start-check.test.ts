import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { findExecutable } from '../supervisor/executable.ts';
import { Domain } from '../testing/domain.ts';
import { FakeEngines } from '../testing/fake-engines.ts';

const NGINX = { pid: 77, description: 'nginx (pid 77)' };

/** The start obstacle in the health, and the error of a start. */
async function obstacleAndError(domain: Domain) {
  const { start_obstacle: obstacle } = await domain.manager.health('a');
  const refused: unknown = await domain.manager.start('a').catch((error: unknown) => error);
  return { obstacle, refused };
}

/** The message about a program that cannot be found in `folder`. */
async function reasonOf(command: string, folder: string): Promise<string> {
  return findExecutable(command, folder).then(
    () => 'found',
    (error: unknown) => (error instanceof Error ? error.message : ''),
  );
}

describe('the start obstacle', () => {
  it.each(['MODEL_NOT_FOUND', 'ENGINE_NOT_FOUND', 'PRIVILEGED_OPTION', 'RESERVED_OPTION'] as const)(
    'matches the error of the start: %s',
    async (code) => {
      const domain = new Domain();
      await domain.create('a');
      domain.adapter.startProblem = { code, message: 'not there' };
      const { obstacle, refused } = await obstacleAndError(domain);
      expect(obstacle).toMatchObject({ code, message: 'not there' });
      expect(refused).toMatchObject({ code, message: 'not there' });
    },
  );

  it('matches the error of the start: a taken port', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    domain.world.foreignPorts.set(9_000, NGINX);
    const { obstacle, refused } = await obstacleAndError(domain);
    const message = 'Port 9000 is in use by nginx (pid 77); end it, or give a another port.';
    expect(obstacle).toEqual({ code: 'PORT_IN_USE', message, cause: 'port_in_use' });
    expect(refused).toMatchObject({ code: 'PORT_IN_USE', message });
  });

  it('matches the error of the start: an engine that is no longer configured', async () => {
    const domain = new Domain();
    await domain.create('a');
    const find = vi.spyOn(FakeEngines.prototype, 'find').mockReturnValue(null);
    onTestFinished(() => find.mockRestore());
    const { obstacle, refused } = await obstacleAndError(domain);
    expect(obstacle).toEqual({
      code: 'VALIDATION_ERROR',
      message: 'engine cannot be "llama_cpp"; it can be llama_cpp.',
      cause: 'engine_missing',
    });
    expect(refused).toMatchObject({ code: obstacle?.code, message: obstacle?.message });
  });

  it('of a running instance is about the files that it would need again, not about its own port', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    expect((await domain.manager.health('a')).start_obstacle).toBeUndefined();
    await domain.pass(1_000);
    domain.adapter.startProblem = { code: 'MODEL_NOT_FOUND', message: 'the model file /m does not exist' };
    expect((await domain.manager.health('a')).start_obstacle).toEqual({
      code: 'MODEL_NOT_FOUND',
      message: 'the model file /m does not exist',
      cause: 'model_missing',
    });
  });

  it('is found without binding a free port', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    domain.supervisor.portHolder = () => Promise.reject(new Error('binds the port'));
    expect((await domain.manager.health('a')).start_obstacle).toBeUndefined();
    expect(domain.faults).toEqual([]);
  });

  it('ignores a port whose owner is unknown', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    domain.world.foreignPorts.set(9_000, NGINX);
    domain.supervisor.ownsPort = async () => 'unknown';
    expect((await domain.manager.health('a')).start_obstacle).toBeUndefined();
  });

  it('is dropped when the instance changes during the check', async () => {
    const domain = new Domain();
    await domain.create('a');
    const disk = Promise.withResolvers<{ code: 'MODEL_NOT_FOUND'; message: string }>();
    domain.adapter.preflight = () => disk.promise;
    const health = domain.manager.health('a');
    domain.adapter.preflight = async () => null;
    await domain.manager.update('a', { model_path: '/other.gguf' }, { restart: false });
    disk.resolve({ code: 'MODEL_NOT_FOUND', message: 'there is no /m.gguf' });
    expect((await health).start_obstacle).toBeUndefined();
  });

  it('omits the folder of a program, which the error of a start names', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'search-path (hidden) '));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(path.join(folder, 'no-program'), 'text', { mode: 0o755 });
    const domain = new Domain();
    for (const [command, expected] of [
      ['llama-server', 'llama-server was not found on the PATH (2 folders); set `command`'],
      [
        'no-program',
        'no-program is not a program for this system: it begins neither as ELF nor with #!; set `command`',
      ],
    ] as const) {
      const message = `${await reasonOf(command, `${folder}:/also/hidden`)}; set \`command\``;
      const name = command;
      await domain.create(name, { command: [command] });
      domain.adapter.startProblem = { code: 'ENGINE_NOT_FOUND', message };
      expect(message.includes(folder)).toBe(command === 'no-program');
      expect((await domain.manager.health(name)).start_obstacle).toEqual({
        code: 'ENGINE_NOT_FOUND',
        message: expected,
        cause: 'engine_missing',
      });
      await expect(domain.manager.start(name)).rejects.toMatchObject({ code: 'ENGINE_NOT_FOUND', message });
    }
  });

  it('names the path of a program that the settings set', async () => {
    const domain = new Domain();
    await domain.create('a', { command: ['/opt/bin/engine'] });
    const message = await reasonOf('/opt/bin/engine', '');
    domain.adapter.startProblem = { code: 'ENGINE_NOT_FOUND', message };
    expect((await domain.manager.health('a')).start_obstacle?.message).toBe('/opt/bin/engine does not exist');
  });
});
