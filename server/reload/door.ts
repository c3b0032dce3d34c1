import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

/** What stands before the request on each connection: who made it. */
export const CallerAddressSchema = z.object({ address: z.string(), port: z.int() });
export type CallerAddress = z.infer<typeof CallerAddressSchema>;

/** Longer than any address. */
const LONGEST_ADDRESS = 256;
const LINE_FEED = 0x0a;

/** Where requests are taken that came to the server before this one. */
export interface Door {
  /** Of its Unix socket, in a folder that only this user can enter. */
  path: string;
  close(): void;
}

/** @param onConnection Told of each connection as if it had come from its caller. */
export async function openDoor(onConnection: (socket: Socket) => void): Promise<Door> {
  // A path in the data directory might be longer than the 107 bytes that a socket's may have.
  const folder = mkdtempSync(path.join(tmpdir(), 'llamactl-'));
  const file = path.join(folder, 'door');
  const server = createServer({ allowHalfOpen: true }, (socket) => introduce(socket, onConnection));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      rmSync(folder, { recursive: true, force: true });
      reject(error);
    });
    server.listen({ path: file, backlog: 4_096 }, resolve);
  });
  return { path: file, close: () => closeDoor(server, folder) };
}

function closeDoor(server: Server, folder: string): void {
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Reads who calls, and gives the connection the address of that one. */
function introduce(socket: Socket, onConnection: (socket: Socket) => void): void {
  let head = Buffer.alloc(0);
  const fail = (): void => void socket.destroy();
  const take = (bytes: Buffer): void => {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf(LINE_FEED);
    if (end < 0 && head.length <= LONGEST_ADDRESS) return;
    socket.off('data', take);
    socket.off('error', fail);
    socket.pause();
    const caller = CallerAddressSchema.safeParse(jsonIn(head.subarray(0, Math.max(0, end))));
    if (!caller.success) return fail();
    Object.defineProperty(socket, 'remoteAddress', { value: caller.data.address });
    Object.defineProperty(socket, 'remotePort', { value: caller.data.port });
    if (end + 1 < head.length) socket.unshift(head.subarray(end + 1));
    onConnection(socket);
    socket.resume();
  };
  socket.on('data', take);
  socket.on('error', fail);
}

function jsonIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
