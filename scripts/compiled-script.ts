import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire, getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { constants, Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/**
 * Part of each bundle. Runs the script of the bundle, and keeps the code that V8 compiles for it. Node's own cache
 * keeps only code that is compiled before a module runs. So at each start V8 compiled a thousand functions again, which
 * took a quarter of the time.
 */

/** Milliseconds after the start until compiled code is kept. By then, a server has run most of its code. */
const KEEP_AFTER_MS = 10_000;
/**
 * Collecting the code blocks the process for 40 ms. So it waits for ten seconds in which the process was busy for less
 * than this share.
 */
const AT_REST = 0.1;
/** How many files of compiled code stay: one for each script and set of Node flags. */
const KEPT = 5;
const PREFIX = 'llamactl-';
/** Checksum and extent, 4 bytes each. V8 copies code that does not begin at a multiple of 8. */
const HEADER_BYTES = 8;
const EXTENT_AT = 4;

/** How much of the program had run when its code was kept: its start, or a relayed request too. */
type Extent = 'started' | 'relayed';
const RANK: Readonly<Record<Extent, number>> = { started: 1, relayed: 2 };

/** A script that has run. */
interface CompiledScript {
  exports: unknown;
  /** Keeps the compiled code for the next start, at rest or at the end. Does nothing if code of this extent is kept already. */
  keep: (extent: Extent) => void;
}

/** Code from an earlier process. */
interface KeptCode {
  rank: number;
  code: Buffer;
}

/** Runs a CommonJS script that is one function, in ASCII. @param file absolute path */
export function compiledScript(file: string): CompiledScript {
  const kept = keptFile(file);
  const earlier = kept === null ? null : read(kept);
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    ...(earlier && { cachedData: earlier.code }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = { exports: {} };
  const run = script.runInThisContext() as (...parts: unknown[]) => void;
  run(module.exports, createRequire(file), module, file, path.dirname(file));
  let keptRank = earlier !== null && script.cachedDataRejected === false ? earlier.rank : 0;
  let wantedRank = 0;
  let isWaiting = false;
  const keepNow = (): void => {
    if (kept === null || wantedRank <= keptRank) return;
    keptRank = wantedRank;
    write(kept, { rank: keptRank, code: script.createCachedData() });
  };
  const keepAtRest = (): void => {
    isWaiting = true;
    const since = performance.eventLoopUtilization();
    const look = (): void => {
      isWaiting = performance.eventLoopUtilization(since).utilization >= AT_REST;
      if (isWaiting) keepAtRest();
      else keepNow();
    };
    setTimeout(look, KEEP_AFTER_MS).unref();
  };
  return {
    exports: module.exports,
    keep: (extent) => {
      if (RANK[extent] <= Math.max(wantedRank, keptRank)) return;
      if (wantedRank === 0) process.once('exit', keepNow);
      wantedRank = RANK[extent];
      if (!isWaiting) keepAtRest();
    },
  };
}

/** The file for the compiled code; `null`: Node's own cache is off too. */
function keptFile(file: string): string | null {
  const folder = getCompileCacheDir();
  if (folder === undefined) return null;
  const { size, mtimeMs } = statSync(file);
  // V8 itself compares only the length of the text, and refuses code that was compiled with other flags.
  const facts = JSON.stringify([file, size, mtimeMs, process.execArgv]);
  return path.join(folder, `${PREFIX}${createHash('sha256').update(facts).digest('hex').slice(0, 32)}`);
}

/** Reads compiled code; `null`: the file is missing or damaged. V8 does not check the code, and damaged code crashes it. */
function read(file: string): KeptCode | null {
  try {
    const bytes = readFileSync(file);
    if (bytes.readUInt32LE() !== crc32(bytes.subarray(EXTENT_AT))) return null;
    return { rank: bytes.readUInt32LE(EXTENT_AT), code: bytes.subarray(HEADER_BYTES) };
  } catch {
    return null;
  }
}

/**
 * Writes the whole file, or nothing. Ignores errors: the code is compiled again then, which is no reason to disturb a
 * server.
 */
function write(file: string, { rank, code }: KeptCode): void {
  const draft = `${file}.${process.pid}`;
  try {
    const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), code]);
    bytes.writeUInt32LE(rank, EXTENT_AT);
    bytes.writeUInt32LE(crc32(bytes.subarray(EXTENT_AT)));
    writeFileSync(draft, bytes, { mode: 0o600 });
    renameSync(draft, file);
    const folder = path.dirname(file);
    const all = readdirSync(folder).filter((name) => name.startsWith(PREFIX));
    const changedAt = (name: string): number => statSync(path.join(folder, name)).mtimeMs;
    const newestFirst = all.toSorted((one, other) => changedAt(other) - changedAt(one));
    for (const old of newestFirst.slice(KEPT)) rmSync(path.join(folder, old), { force: true });
  } catch {
    // A full disk, another user's folder, or another server that removes the same file.
  }
}
