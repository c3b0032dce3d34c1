import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

/** What stands before the request on each connection: who made it, and whether what it wants was done by who passes it on. */
const IntroductionSchema = z.object({ address: z.string(), port: z.int(), isBegun: z.boolean().default(false) });
export type Introduction = z.infer<typeof IntroductionSchema>;

/** Name of the folder for doors in the data directory. */
export const DOORS = 'doors';

/** Longer than any introduction. */
const LONGEST_INTRODUCTION = 256;
const LINE_FEED = 0x0a;
/** A socket's path may have 107 bytes, on other systems 103. */
const LONGEST_PATH = 100;

/** Told of each connection as if it had come from its caller. */
type OnConnection = (socket: Socket, introduction: Pick<Introduction, 'isBegun'>) => void;

/** Where requests are taken that came to the server before this one. */
export interface Door {
  /** Of its Unix socket, in a folder that only this user can enter. */
  path: string;
  close(): void;
}

/**
 * @param folder Where the folders of doors are made: whoever owns it removes what a killed server has left there. Where no
 *   socket can be in it (its name is too long, or it is not that kind of disk) the system's temporary one is taken.
 */
export async function openDoor(folder: string, onConnection: OnConnection): Promise<Door> {
  const isShort = Buffer.byteLength(path.join(folder, 'XXXXXX', 'door')) <= LONGEST_PATH;
  if (!isShort) return openIn(path.join(tmpdir(), 'llamactl-'), onConnection);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return await openIn(`${folder}${path.sep}`, onConnection);
  } catch {
    // It says again what is wrong, where that is not the folder.
    return openIn(path.join(tmpdir(), 'llamactl-'), onConnection);
  }
}

/** Removes what servers have left that were killed, if the disk lets it. Only where none of them lives. */
export function removeDoors(folder: string, onFault: (error: unknown, what: string) => void): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    onFault(error, 'removing the doors of servers before');
  }
}

/** @param prefix Of the folder that is made for it. */
async function openIn(prefix: string, onConnection: OnConnection): Promise<Door> {
  const folder = mkdtempSync(prefix);
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
function introduce(socket: Socket, onConnection: OnConnection): void {
  let head = Buffer.alloc(0);
  const fail = (): void => void socket.destroy();
  const take = (bytes: Buffer): void => {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf(LINE_FEED);
    if (end < 0 && head.length <= LONGEST_INTRODUCTION) return;
    socket.off('data', take);
    socket.off('error', fail);
    socket.pause();
    const introduction = IntroductionSchema.safeParse(jsonIn(head.subarray(0, Math.max(0, end))));
    if (!introduction.success) return fail();
    const { address, port, isBegun } = introduction.data;
    Object.defineProperty(socket, 'remoteAddress', { value: address });
    Object.defineProperty(socket, 'remotePort', { value: port });
    if (end + 1 < head.length) socket.unshift(head.subarray(end + 1));
    onConnection(socket, { isBegun });
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
