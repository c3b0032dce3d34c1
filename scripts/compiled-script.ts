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
const CHECKSUM_BYTES = 4;

/** A script that has run. */
interface CompiledScript {
  exports: unknown;
  /** Keeps the compiled code for the next start, at rest or at the end. Does nothing if the code was kept before. */
  keep: () => void;
}

/** Runs a CommonJS script that is one function, in ASCII. @param file absolute path */
export function compiledScript(file: string): CompiledScript {
  const kept = keptFile(file);
  const cachedData = kept === null ? null : read(kept);
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = { exports: {} };
  const run = script.runInThisContext() as (...parts: unknown[]) => void;
  run(module.exports, createRequire(file), module, file, path.dirname(file));
  let isKept = kept === null || script.cachedDataRejected === false;
  const keepNow = (): void => {
    if (isKept || kept === null) return;
    isKept = true;
    write(kept, script.createCachedData());
  };
  const keepAtRest = (): void => {
    const since = performance.eventLoopUtilization();
    const look = (): void => {
      if (performance.eventLoopUtilization(since).utilization < AT_REST) keepNow();
      else keepAtRest();
    };
    setTimeout(look, KEEP_AFTER_MS).unref();
  };
  return {
    exports: module.exports,
    keep: () => {
      if (isKept) return;
      keepAtRest();
      process.once('exit', keepNow);
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
function read(file: string): Buffer | null {
  try {
    const bytes = readFileSync(file);
    const code = bytes.subarray(CHECKSUM_BYTES);
    return bytes.readUInt32LE() === crc32(code) ? code : null;
  } catch {
    return null;
  }
}

/**
 * Writes the whole file, or nothing. Ignores errors: the code is compiled again then, which is no reason to disturb a
 * server.
 */
function write(file: string, bytes: Buffer): void {
  const draft = `${file}.${process.pid}`;
  try {
    const checksum = Buffer.alloc(CHECKSUM_BYTES);
    checksum.writeUInt32LE(crc32(bytes));
    writeFileSync(draft, Buffer.concat([checksum, bytes]), { mode: 0o600 });
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
