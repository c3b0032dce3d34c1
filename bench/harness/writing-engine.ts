import path from 'node:path';
import { Connection } from './connection.ts';
import type { MeasuredServer, Sections } from './measured-server.ts';
import { usageOf } from './usage.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'writer.ts');
const ENGINE = 'writer';

/** Configuration in which there is an engine that only writes. */
export const WRITER_SECTIONS: Sections = {
  engines: { [ENGINE]: { kind: 'custom', command: process.execPath, args: [PROGRAM, '${PORT}'] } },
};

/** An instance whose engine writes numbered lines of 100 bytes on request: at a pace, or as fast as it can. */
export class WritingEngine {
  readonly #server: MeasuredServer;
  readonly name: string;
  readonly #port: number;
  readonly #pid: number;

  private constructor(server: MeasuredServer, name: string, port: number, pid: number) {
    this.#server = server;
    this.name = name;
    this.#port = port;
    this.#pid = pid;
  }

  /** @param server One that has {@link WRITER_SECTIONS}. */
  static async start(server: MeasuredServer, name: string): Promise<WritingEngine> {
    const { port } = await server.create({ name, engine: ENGINE });
    await server.call('POST', `/api/instances/${name}/start?wait=true`);
    const { pid } = await server.instance(name);
    if (pid === null) throw new Error(`${name} has no process although it runs`);
    return new WritingEngine(server, name, port, pid);
  }

  /** URL of its log, to be followed. */
  get followUrl(): string {
    return `${this.#server.url}/api/instances/${this.name}/logs?follow=true`;
  }

  /** User and system time it has used, ms. */
  get cpuMs(): number {
    return usageOf(this.#pid).cpuMs;
  }

  /** From now on so many lines a second; 0: none. */
  async pace(lines: number): Promise<void> {
    await this.#request(`/pace?lines=${lines}`);
  }

  /** Writes so many as fast as it can; resolves when they are written, with the number of the last. */
  async write(lines: number): Promise<number> {
    return this.#request(`/write?lines=${lines}`);
  }

  /** Number of the last line so far. */
  async written(): Promise<number> {
    return this.#request('/written');
  }

  /** Ends it and deletes its log. */
  async remove(): Promise<void> {
    await this.#server.remove(this.name);
  }

  async #request(url: string): Promise<number> {
    const connection = await Connection.open(this.#port);
    try {
      const { body } = await connection.request('GET', url);
      return (JSON.parse(body.toString()) as { written: number }).written;
    } finally {
      connection.close();
    }
  }
}
