import type { Frame } from '@llamactl/client';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { RequestsSchema, type Requests } from '@llamactl/contract/requests';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { fakeEngineCommand } from '../server/testing/fake-engine.ts';
import { LiveEvents } from './live-events.ts';
import { connected, request } from './raw-request.ts';
import { type Answer, ServerProcess } from './server-process.ts';
import { ProcessWatch } from './soak/process-watch.ts';

/** Requests that meet starts, swaps and deaths of engines. Each test has a server of its own, and they run side by side. */

const PATIENCE = { timeout: 20_000, interval: 10 };

/** A server with one slot and an eye on it. */
class OneSlot {
  readonly server: ServerProcess;
  readonly events: LiveEvents;
  readonly watch: ProcessWatch;

  private constructor(server: ServerProcess, events: LiveEvents, watch: ProcessWatch) {
    this.server = server;
    this.events = events;
    this.watch = watch;
  }

  /** @param instances What is wanted of them beside a model; those with arguments have the fake engine, the others the real one. */
  static async with(
    { onTestFinished }: TestContext,
    instances: Record<string, { auto_restart?: boolean; extra_args?: string[] }>,
  ): Promise<OneSlot> {
    const [node, program] = fakeEngineCommand();
    const fake = { kind: 'custom', command: node, args: [program, '--port', '${PORT}'] };
    const wrap = ['env', 'LLAMACTL_INSTANCES_MAX_RUNNING=1'];
    const server = await ServerProcess.create(`engines: ${JSON.stringify({ fake })}`, () => wrap);
    onTestFinished(() => server.dispose());
    await server.start();
    const model_path = await testModel();
    const real = { model_path, options: { threads: 1, ctx_size: 256, context_shift: true } };
    const byPort = new Map<number, string>();
    for (const [name, wishes] of Object.entries(instances)) {
      const kind = wishes.extra_args === undefined ? real : { engine: 'fake' };
      const { status, body } = await server.call('POST', '/api/instances', { name, ...kind, ...wishes });
      expect(status, JSON.stringify(body)).toBe(201);
      byPort.set((await server.instance(name)).port, name);
    }
    const events = new LiveEvents(server.url);
    await events.connect();
    const watch = new ProcessWatch({ home: server.home, byPort, limits: { most: 1 } });
    watch.start();
    onTestFinished(() => {
      watch.stop();
      events.disconnect();
    });
    return new OneSlot(server, events, watch);
  }

  ask(model: string): Promise<Answer> {
    return this.server.call('POST', '/v1/chat/completions', { model, messages: [] });
  }

  async requests(): Promise<Requests> {
    return RequestsSchema.parse((await this.server.call('GET', '/api/requests?finished=200')).body);
  }

  /** Status changes in the events, as `name: status`, with the cause of an unrequested stop. */
  changes(): string[] {
    return this.events.frames.flatMap((frame) =>
      isChange(frame)
        ? [`${frame.data.name}: ${frame.data.status}${frame.data.cause === undefined ? '' : ` (${frame.data.cause})`}`]
        : [],
    );
  }

  swaps(): number {
    return this.changes().filter((change) => change.endsWith('(eviction)')).length;
  }

  /** Resolves when the events report a change. */
  reported(change: string): Promise<void> {
    return vi.waitFor(() => expect(this.changes()).toContain(change), PATIENCE);
  }

  async reaches(name: string, status: string): Promise<void> {
    await vi.waitFor(async () => expect((await this.server.instance(name)).status).toBe(status), PATIENCE);
  }

  /** A stream as the bytes that come over the wire. */
  stream(model: string, wishes: object = {}): RawStream {
    return new RawStream(this.server.port, JSON.stringify({ model, messages: [], stream: true, ...wishes }));
  }

  noTwoEngines(): void {
    this.watch.stop();
    expect(this.watch.faults).toEqual([]);
    expect(this.watch.most).toBe(1);
  }
}

type Change = Extract<Frame, { type: 'instance_status_changed' }>;
const isChange = (frame: { type: string }): frame is Change => frame.type === 'instance_status_changed';

/** The last chunk of a body: it completes the answer. */
const LAST_CHUNK = '\r\n0\r\n\r\n';

class RawStream {
  /** Resolves with all that came, when the connection is gone. */
  readonly ended: Promise<string>;
  #received = '';

  constructor(port: number, body: string) {
    const socket = connected(port, request('POST /v1/chat/completions', [], body));
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.#received += text));
    this.ended = new Promise((resolve) => socket.once('close', () => resolve(this.#received)));
  }

  /** Resolves when the engine speaks. */
  async flows(): Promise<void> {
    await vi.waitFor(() => expect(this.#received).toContain('"content":"'), PATIENCE);
  }
}

const contentOf = ({ status, body }: Answer): unknown =>
  status === 200 ? (body as { choices: { message: { content: string } }[] }).choices[0]?.message.content : body;
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

describe.concurrent('two cold models and one slot', () => {
  it('asked for at the same moment: one starts, the other waits for its turn, all are answered', async (context) => {
    const race = await OneSlot.with(context, { a: {}, b: {} });
    const models = Array.from({ length: 20 }, () => ['a', 'b']).flat();
    const answers = await Promise.all(models.map((model) => race.ask(model)));
    expect(answers.map(contentOf)).toEqual(times(40, DEMO_SENTENCE));
    await Promise.all([race.reported('a: running'), race.reported('b: running')]);
    const changes = race.changes().filter((change) => !change.endsWith(': starting'));
    const [first, second] = changes[0] === 'a: running' ? ['a', 'b'] : ['b', 'a'];
    expect(changes).toEqual([
      `${first}: running`,
      `${first}: stopping (eviction)`,
      `${first}: stopped`,
      `${second}: running`,
    ]);
    race.noTwoEngines();
  });

  // The long tier waits out the patience with a busy slot, 10 s; its moment is the subject of server/instances/slots/scheduler.test.ts.
  it.runIf(isLong)(
    'used by two callers, one request after the other: each has the slot for a while, and no caller waits without end',
    async (context) => {
      const short = { extra_args: ['--tokens', '5', '--token-ms', '40'] };
      const race = await OneSlot.with(context, { a: short, b: short });
      // Twelve seconds of work each, of which ten can be had before the other one's turn comes.
      const use = async (model: string): Promise<void> => {
        for (let count = 0; count < 60; count += 1) {
          expect(contentOf(await race.ask(model))).toBe('Hello from a fake engine');
        }
      };
      await Promise.all([use('a'), use('b')]);
      expect(race.swaps(), 'swaps for 120 requests').toBeLessThan(30);
      const waits = (await race.requests()).finished.map(({ waited }) => waited ?? Number.NaN);
      expect(waits).toHaveLength(120);
      expect(Math.max(...waits), 'seconds').toBeLessThan(20);
      race.noTwoEngines();
    },
  );
});

describe.concurrent('a stream', () => {
  it('is not cut for another model, however long that waits', async (context) => {
    // In the long tier longer than the patience with those who use a slot that another waits for.
    const tokens = isLong ? 120 : 50;
    const long = { extra_args: ['--tokens', String(tokens), '--token-ms', '100'] };
    const race = await OneSlot.with(context, { a: long, b: {} });
    const stream = race.stream('a');
    await stream.flows();
    const other = race.ask('b');
    // Judged below; until then a failure waits.
    other.catch(() => undefined);
    await vi.waitFor(async () => {
      const phases = (await race.requests()).in_flight.map(({ instance, phase }) => `${instance}: ${phase}`);
      expect(phases).toEqual(['a: streaming', 'b: starting']);
    }, PATIENCE);
    const received = await stream.ended;
    expect(received.endsWith(LAST_CHUNK)).toBe(true);
    expect(received.match(/"content":/g)).toHaveLength(tokens);
    expect(contentOf(await other)).toBe(DEMO_SENTENCE);

    const { finished } = await race.requests();
    expect(finished.map(({ instance, outcome }) => `${instance}: ${outcome}`)).toEqual(['b: ok', 'a: ok']);
    await race.reported('a: stopping (eviction)');
    const evictedAt = race.events.frames.findLast(
      (frame) => isChange(frame) && frame.data.cause === 'eviction',
    )?.timestamp;
    expect(Date.parse(evictedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(finished[1]?.finished_at ?? ''));
    race.noTwoEngines();
  });
});

describe.concurrent('an engine that is killed in the middle of a stream', () => {
  /** Kills the engine of `a` under a stream, and looks what its caller and the server make of it. */
  async function killed(race: OneSlot): Promise<void> {
    const stream = race.stream('a', { ignore_eos: true, max_tokens: -1 });
    await stream.flows();
    const { pid } = await race.server.instance('a');
    if (pid === null) throw new Error('the engine is not there');
    process.kill(pid, 'SIGKILL');
    const received = await stream.ended;
    expect(received).toMatch(/^HTTP\/1\.1 200 .*\r\ntransfer-encoding: chunked\r\n/is);
    expect(received).not.toContain(LAST_CHUNK);
    expect(received).not.toContain('[DONE]');
    await vi.waitFor(async () => {
      const { in_flight: inFlight, finished } = await race.requests();
      expect(inFlight).toEqual([]);
      expect(finished).toMatchObject([{ instance: 'a', outcome: 'broken', status: 200 }]);
    }, PATIENCE);
    const figures = await (await fetch(`${race.server.url}/metrics`)).text();
    expect(figures).toContain('llamactl_requests_total{instance="a",door="v1",outcome="broken"} 1\n');
  }

  it('breaks its connection; the next request waits for the restart and is answered', async (context) => {
    const race = await OneSlot.with(context, { a: { auto_restart: true } });
    await killed(race);
    expect(contentOf(await race.ask('a'))).toBe(DEMO_SENTENCE);
    await race.reported('a: restarting');
    race.noTwoEngines();
  });

  // The cool-down is 30 s; its moment is the subject of server/instances/slots/demand.test.ts.
  it.runIf(isLong)(
    'breaks its connection; where nothing restarts it the next request gets the reason, and one after the cool-down starts it',
    async (context) => {
      const race = await OneSlot.with(context, { a: { auto_restart: false } });
      await killed(race);
      await race.reaches('a', 'failed');
      const refused = await race.ask('a');
      expect([refused.status, refused.body]).toMatchObject([
        503,
        { error: { code: 'instance_not_running', message: expect.stringContaining('SIGKILL') as unknown } },
      ]);
      const answer = await vi.waitUntil(
        async () => {
          const answer = await race.ask('a');
          return answer.status === 503 ? null : answer;
        },
        { timeout: 45_000, interval: 250 },
      );
      expect(contentOf(answer)).toBe(DEMO_SENTENCE);
      race.noTwoEngines();
    },
  );
});
