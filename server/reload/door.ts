import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

/**
 * First line of each connection: the caller's address, and whether the predecessor has already given the request's
 * command.
 */
const IntroductionSchema = z.object({ address: z.string(), port: z.int(), isBegun: z.boolean().default(false) });
export type Introduction = z.infer<typeof IntroductionSchema>;

/** Name of the folder for doors in the data directory. */
export const DOORS = 'doors';

/** Most bytes of an introduction; longer than any valid one. */
const LONGEST_INTRODUCTION = 256;
const LINE_FEED = 0x0a;
/** Longest path that is used. Linux allows 107 bytes for a socket's path, other systems 103. */
const LONGEST_PATH = 100;

/** Called for each connection, which then looks as if the caller had made it. */
type OnConnection = (socket: Socket, introduction: Pick<Introduction, 'isBegun'>) => void;

/** Receives the requests that came to the predecessor. */
export interface Door {
  /** Path of its Unix socket, in a folder that only this user can enter. */
  path: string;
  close(): void;
}

/**
 * Opens a door.
 *
 * @param folder Parent of the doors' folders. A later server removes the doors that a killed server has left in it. If
 *   the folder cannot hold a socket (its path is too long, or the filesystem has no sockets), the system's temporary
 *   folder is used.
 */
export async function openDoor(folder: string, onConnection: OnConnection): Promise<Door> {
  const isShort = Buffer.byteLength(path.join(folder, 'XXXXXX', 'door')) <= LONGEST_PATH;
  if (!isShort) return openIn(path.join(tmpdir(), 'llamactl-'), onConnection);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return await openIn(`${folder}${path.sep}`, onConnection);
  } catch {
    // If the folder is not the cause, this second attempt throws the error.
    return openIn(path.join(tmpdir(), 'llamactl-'), onConnection);
  }
}

/** Removes the doors of killed servers, if the disk allows. Call it only when no predecessor lives. */
export function removeDoors(folder: string, onFault: (error: unknown, what: string) => void): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    onFault(error, 'removing the doors of earlier servers');
  }
}

/** @param prefix Prefix of the folder that is created for the door. */
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

/** Reads the introduction, and gives the connection the address of the caller. */
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
