import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import {
  call,
  type GatewayServer,
  type Listening,
  type RawConnection,
  rawConnection,
  settled,
  startEngine,
  startGateway,
} from '../testing/gateway-harness.ts';
import type { MeasureSendQueues } from './gateway-ports.ts';

/** Callers that do not read, and engines that send more than callers read. */

const PROXY = '/api/instances/a/proxy/x';
const eventually = <Result>(check: () => Result): Promise<Result> => vi.waitFor(check, { interval: 5 });

let clock: FakeClock;
let open: Listening[];
let callers: Socket[];
beforeEach(() => {
  clock = new FakeClock();
  open = [];
  callers = [];
});
afterEach(async () => {
  for (const caller of callers) caller.destroy();
  await Promise.all(open.map((each) => each.close()));
});

describe('a caller that stops reading', () => {
  interface Stalled {
    gateway: GatewayServer;
    caller: RawConnection;
    /** Breaks the engine's answer off. */
    breakOff: () => void;
  }

  /**
   * Starts an engine whose answer never ends, and a caller that does not read it.
   *
   * @param addressOf Returns the address where the caller connects. @param version The caller's version of HTTP.
   */
  async function stall(
    measureSendQueues?: MeasureSendQueues,
    { addressOf, version }: { addressOf: (gateway: GatewayServer) => Promise<number | string>; version: string } = {
      addressOf: async ({ port }) => port,
      version: '1.1',
    },
  ): Promise<Stalled> {
    let sent = 0;
    let breakOff = (): void => undefined;
    const engine = await startEngine((_request, response) => {
      breakOff = () => void response.destroy();
      const write = (): void => {
        do sent += 65_536;
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', write);
      write();
    });
    const options = measureSendQueues === undefined ? {} : { measureSendQueues };
    const gateway = await startGateway([{ name: 'a', port: engine.port }], clock, options);
    open.push(engine, gateway);
    const caller = rawConnection(await addressOf(gateway), `GET ${PROXY} HTTP/${version}\r\nHost: a\r\n\r\n`);
    caller.socket.pause();
    callers.push(caller.socket);
    await eventually(() => expect(gateway.instances.leases('a').count).toBe(1));
    await settled(() => sent);
    expect(sent).toBeGreaterThan(0);
    return { gateway, caller, breakOff };
  }

  test('loses its connection and its lease after 60 s', async () => {
    const { gateway } = await stall();
    await clock.advance(60_000);
    expect(gateway.instances.leases('a').count).toBe(1);
    await clock.advance(5_000);
    await eventually(() => expect(gateway.instances.leases('a').count).toBe(0));
  });

  test('keeps its connection and lease while the system sends bytes', async () => {
    let queue = 1_000_000;
    const { gateway } = await stall((connections, found) => {
      queue -= 1;
      found(new Map([...connections].map((connection) => [connection, queue])));
    });
    await clock.advance(600_000);
    expect(gateway.instances.leases('a').count).toBe(1);
  });

  test('keeps its connection and lease if it continues in time', async () => {
    const { gateway, caller } = await stall();
    await clock.advance(50_000);
    caller.socket.resume();
    const before = caller.socket.bytesRead;
    await eventually(() => expect(caller.socket.bytesRead).toBeGreaterThan(before + 20_000_000));
    expect(gateway.instances.leases('a').count).toBe(1);
  });

  describe('behind the door of a reload', () => {
    let folder: string;
    let doors: Server[];
    beforeEach(async () => {
      doors = [];
      folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-door-'));
    });
    afterEach(async () => {
      for (const door of doors) door.close();
      await rm(folder, { recursive: true });
    });

    /** Opens a Unix socket whose connections the gateway serves. */
    async function doorOf(gateway: GatewayServer): Promise<string> {
      const file = path.join(folder, 'door');
      const door = createServer({ allowHalfOpen: true }, (socket) => gateway.take(socket)).listen(file);
      await once(door, 'listening');
      doors.push(door);
      return file;
    }

    test('keeps its connection and lease, because the other server buffers unread bytes', async () => {
      const { gateway, caller } = await stall(undefined, { addressOf: doorOf, version: '1.1' });
      await clock.advance(600_000);
      expect(gateway.instances.leases('a').count).toBe(1);
      caller.socket.destroy();
      await eventually(() => expect(gateway.instances.leases('a').count).toBe(0));
    });

    test('gets a clean end when the engine breaks off an HTTP/1.0 answer, because a Unix socket cannot be reset', async () => {
      const { gateway, caller, breakOff } = await stall(undefined, { addressOf: doorOf, version: '1.0' });
      caller.socket.resume();
      breakOff();
      expect(await caller.gone).toBe('clean');
      await eventually(() => expect(gateway.instances.leases('a').count).toBe(0));
    });
  });
});

describe('an engine that sends a flood of 102', () => {
  const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';

  /** @param flood Writes to the connection of a request at the engine. */
  async function before(flood: (socket: Socket) => void): Promise<GatewayServer> {
    const engine = await startEngine(
      () => undefined,
      (server) =>
        server.on('connection', (socket: Socket) => {
          socket.on('error', () => socket.destroy());
          socket.once('data', () => flood(socket));
        }),
    );
    const gateway = await startGateway([{ name: 'a', port: engine.port }], clock);
    open.push(engine, gateway);
    return gateway;
  }

  test('reaches its caller with one 102 a second', async () => {
    const sockets: Socket[] = [];
    const gateway = await before((socket) => {
      sockets.push(socket);
      socket.write(PROCESSING.repeat(20_000));
    });
    const caller = rawConnection(gateway.port, `GET ${PROXY} HTTP/1.1\r\nHost: a\r\n\r\n`);
    callers.push(caller.socket);
    await eventually(() => expect(caller.received()).toBe(PROCESSING));
    await eventually(() => expect(sockets[0]?.writableLength).toBe(0));
    await settled(() => caller.received().length);
    await clock.advance(1_000);
    sockets[0]?.write(PROCESSING.repeat(20_000));
    await eventually(() => expect(caller.received()).toBe(PROCESSING.repeat(2)));
    sockets[0]?.end(`${PROCESSING}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`);
    await eventually(() =>
      expect(caller.received()).toMatch(/^(?:HTTP\/1\.1 102 Processing\r\n\r\n){2}HTTP\/1\.1 200 /),
    );
  });

  test('is cut off with 502 after 100 000', async () => {
    const gateway = await before((socket) => socket.write(PROCESSING.repeat(100_001)));
    const answered = call(gateway.port, PROXY);
    await eventually(() => expect(clock.pending).toContain(500));
    await clock.advance(500);
    expect((await answered).status).toBe(502);
  });
});
