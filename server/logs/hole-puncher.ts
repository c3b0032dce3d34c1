import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { isDiskFull } from './file-error.ts';

/** Runs a short program to its end, as the supervisor's tool runner does; any exit code is a result. */
export type LogTool = (
  command: string,
  args: readonly string[],
  options: { timeoutMs: number },
) => Promise<{ code: number; stdout: string; stderr: string }>;

/** Frees the beginning of a file that somebody appends to: its size and all offsets stay, the bytes read as zeros. */
export interface HolePuncher {
  /**
   * Whether that can be done where `folder` lies: Node has no call for it, the tool may be missing or a small one without
   * the flag, and not every file system can. Tried on a file of its own, once; again only when something fails later.
   *
   * @throws {Error} when that file cannot be made
   */
  works(folder: string): Promise<boolean>;
  /**
   * Frees the first `bytes` of a file; fewer than a block frees nothing. Twice is fine.
   *
   * @throws {Error} what the tool said
   */
  punch(file: string, bytes: number): Promise<void>;
}

const TIMEOUT_MS = 30_000;
/** Only whole blocks are freed. Larger ones than this are rare, and then the rest of one stays. */
const BLOCK_BYTES = 4_096;
/** Blocks of up to 64 KiB. */
const SCRATCH_BYTES = 131_072;
const SCRATCH_FILE = 'log.scratch.tmp';

export function createHolePuncher(runTool: LogTool): HolePuncher {
  let isKnownToWork: boolean | null = null;

  const fallocate = async (file: string, bytes: number): Promise<string | null> => {
    const args = ['--punch-hole', '--offset', '0', '--length', String(bytes), file];
    const { code, stderr } = await runTool('fallocate', args, { timeoutMs: TIMEOUT_MS });
    return code === 0 ? null : `fallocate: ${stderr.trim() || `code ${code}`}`;
  };
  const isRefused = async (file: string, bytes: number): Promise<boolean | null> => {
    try {
      return (await fallocate(file, bytes)) !== null;
    } catch {
      // not installed, or the machine is too busy: that may change
      return null;
    }
  };
  /** `null`: it could not be tried. */
  const tryIt = async (folder: string): Promise<boolean | null> => {
    const name = path.join(folder, SCRATCH_FILE);
    const file = await open(name, 'w+', 0o600);
    try {
      const isFull = !(await fill(file));
      const refused = await isRefused(name, SCRATCH_BYTES / 2);
      if (refused !== false) return refused === null ? null : false;
      if (isFull) return true;
      const content = Buffer.alloc(SCRATCH_BYTES);
      const { bytesRead } = await file.read(content, 0, SCRATCH_BYTES, 0);
      const [hole, rest] = [content.subarray(0, SCRATCH_BYTES / 2), content.subarray(SCRATCH_BYTES / 2)];
      return bytesRead === SCRATCH_BYTES && isFilledWith(hole, 0) && isFilledWith(rest, 'x'.charCodeAt(0));
    } finally {
      await file.close();
      await rm(name, { force: true });
    }
  };

  return {
    works: async (folder) => {
      isKnownToWork ??= await tryIt(folder);
      return isKnownToWork ?? false;
    },
    punch: async (file, bytes) => {
      const whole = Math.floor(bytes / BLOCK_BYTES) * BLOCK_BYTES;
      if (whole === 0) return;
      const complaint = await fallocate(file, whole);
      if (complaint === null) return;
      isKnownToWork = null;
      throw new Error(complaint);
    },
  };
}

/** Where there is no room for content, the tool's word has to do. Resolves to whether there was. */
async function fill(file: FileHandle): Promise<boolean> {
  try {
    await file.writeFile(Buffer.alloc(SCRATCH_BYTES, 'x'));
    return true;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    await file.truncate(SCRATCH_BYTES);
    return false;
  }
}

function isFilledWith(bytes: Buffer, value: number): boolean {
  return bytes.every((byte) => byte === value);
}
