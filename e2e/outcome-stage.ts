import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Instance } from '@llamactl/contract/instance';
import { expect, vi } from 'vitest';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { ServerProcess, type Answer } from './server-process.ts';

/** What is stored of an engine's process. */
interface Identity {
  pid: number;
  startTicks: number;
  bootId: string;
  group: number;
}

/** A server, one instance after the other on it, and somebody else's processes beside it: for what can befall them. */
export class OutcomeStage {
  readonly server: ServerProcess;
  /** For whatever a test needs. */
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-outcomes-'));
  readonly #others: ChildProcess[] = [];
  readonly #listeners: Server[] = [];
  #count = 0;

  private constructor(server: ServerProcess) {
    this.server = server;
  }

  static async open(): Promise<OutcomeStage> {
    const stage = new OutcomeStage(await ServerProcess.create('security: { allow_privileged: true }'));
    await stage.server.start();
    return stage;
  }

  /** Removes what a test has left, and sees that nothing lives. */
  async clear(): Promise<void> {
    this.freePorts();
    for (const other of this.#others.splice(0)) other.kill('SIGKILL');
    const { body } = await this.server.call('GET', '/api/instances');
    for (const { name } of body['instances'] as { name: string }[]) {
      await this.server.call('POST', `/api/instances/${name}/stop?wait=true`, { force: true });
      await this.server.call('DELETE', `/api/instances/${name}`);
    }
    expect(await this.server.processes()).toEqual([]);
  }

  async dispose(): Promise<void> {
    await this.server.dispose();
    rmSync(this.folder, { recursive: true });
  }

  get #name(): string {
    return `i${this.#count}`;
  }

  /** The newest one, which all that follows is about. */
  instance(): Promise<Instance> {
    return this.server.instance(this.#name);
  }

  async create(settings: object = {}): Promise<void> {
    this.#count += 1;
    const body = { name: this.#name, model_path: await testModel(), options: { threads: 1 }, ...settings };
    const { status, body: answer } = await this.server.call('POST', '/api/instances', body);
    expect(status, JSON.stringify(answer)).toBe(201);
  }

  /** Such as `start?wait=true`. */
  command(words: string): Promise<Answer> {
    return this.server.call('POST', `/api/instances/${this.#name}/${words}`);
  }

  /** Creates one and starts it; resolves to its pid. */
  async run(settings: object = {}): Promise<number> {
    await this.create(settings);
    const { status, body } = await this.command('start?wait=true');
    expect(status, JSON.stringify(body)).toBe(200);
    return (await this.instance()).pid ?? 0;
  }

  /** What its engine says. */
  async answers(): Promise<void> {
    const chat = { model: this.#name, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 2 };
    const { status, body } = await this.server.call('POST', '/v1/chat/completions', chat);
    expect(status, JSON.stringify(body)).toBe(200);
  }

  /** The lines of its log. */
  async messages(): Promise<string[]> {
    const { status, body } = await this.server.call('GET', `/api/instances/${this.#name}/logs?lines=10000`);
    expect(status, JSON.stringify(body)).toBe(200);
    return (body['logs'] as { message: string }[]).map(({ message }) => message);
  }

  async reaches(status: string): Promise<void> {
    await vi.waitFor(async () => expect((await this.instance()).status).toBe(status), {
      timeout: 15_000,
      interval: 20,
    });
  }

  /** It runs, at once where it waits to be restarted, as another process than it was, and there is no other. */
  async runsAnew(pid: number): Promise<void> {
    if ((await this.instance()).status === 'restarting') await this.command('start?wait=true');
    await this.reaches('running');
    const { pid: now } = await this.instance();
    expect(now).not.toBe(pid);
    expect(await this.engines()).toEqual([now]);
    await this.answers();
  }

  async engines(): Promise<number[]> {
    return (await this.server.processes()).filter(({ isWrapper }) => !isWrapper).map(({ pid }) => pid);
  }

  /** 0: none. */
  async wrapper(): Promise<number> {
    return (await this.server.processes()).find(({ isWrapper }) => isWrapper)?.pid ?? 0;
  }

  async endEngine(pid: number): Promise<void> {
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await this.server.processes()).toEqual([]), { timeout: 5_000, interval: 10 });
  }

  /** What happens while no server is there. */
  async away(what: () => void | Promise<void>): Promise<void> {
    await this.server.end('SIGKILL');
    await what();
    await this.server.start();
  }

  /** Changes what is stored of the run's process. Without a server. */
  rewrite(changes: Partial<Identity>): void {
    const database = new DatabaseSync(path.join(this.server.dataDirectory, 'llamactl.db'));
    try {
      const row = database.prepare('select state from instances where name = ?').get(this.#name);
      const state = JSON.parse(String(row?.['state'])) as { run: { identity: Identity } };
      Object.assign(state.run.identity, changes);
      database.prepare('update instances set state = ? where name = ?').run(JSON.stringify(state), this.#name);
    } finally {
      database.close();
    }
  }

  /** Of its only run. */
  runFolder(): string {
    const root = path.join(this.server.dataDirectory, 'instances');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    return path.dirname(path.join(root, files.find((file) => path.basename(file) === 'log') ?? ''));
  }

  /** Starts a program that is none of the server's, in a group of its own. It is ended by `clear`. */
  other(command: string, ...argv: string[]): ChildProcess {
    const environment = { PATH: process.env['PATH'], HOME: this.folder };
    const other = spawn(command, argv, { detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: environment });
    this.#others.push(other);
    return other;
  }

  /** Somebody else's listener. */
  async listenOn(port: number, listener: Server = createServer()): Promise<void> {
    this.#listeners.push(listener);
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
  }

  freePorts(): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
  }

  /** A program that becomes llama-server, after `first` unless it is only asked what it can do. @param file Is replaced. */
  program(first: string, file = path.join(this.folder, `engine-${this.#count + 1}`)): string {
    const script = `#!/bin/sh\ncase "$1" in --help|--version) ;; *) ${first} ;; esac\nexec '${testEngine()}' "$@"\n`;
    writeFileSync(`${file}.new`, script);
    chmodSync(`${file}.new`, 0o700);
    renameSync(`${file}.new`, file);
    return file;
  }
}
