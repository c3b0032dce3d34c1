import type { EngineDevice } from '@llamactl/contract/engine';
import type { Clock } from '../instances/ports/time.ts';
import type { RunTool } from './engine-ports.ts';
import type { Launcher } from './flag-catalogue.ts';

/** Finds the devices on which an engine can compute. */
export interface EngineDevices {
  /** The devices that a program lists, at most a minute old. Never rejects; `null`: unknown. */
  of(launcher: Launcher): Promise<EngineDevice[] | null>;
}

/** A program with GPU support first searches for devices, which can take seconds on a cold machine. */
const TIMEOUT_MS = 15_000;
const FRESH_MS = 60_000;
const HEADING = 'Available devices:';
/** `  CUDA0: NVIDIA GeForce RTX 4090 (24217 MiB, 23500 MiB free)` */
const DEVICE = /^\s+([\w.-]+): (.+?)(?: \((\d+) MiB, (\d+) MiB free\))?$/;
const MEBIBYTE = 1_048_576;

/** Asks programs by `--list-devices`, and keeps their answers. */
export function createEngineDevices(runTool: RunTool, clock: Pick<Clock, 'elapsed'>): EngineDevices {
  const looks = new Map<string, { at: number; devices: Promise<EngineDevice[] | null> }>();
  const look = async ({ command, args }: Launcher): Promise<EngineDevice[] | null> => {
    try {
      const { code, stdout, stderr } = await runTool(command, [...args, '--list-devices'], { timeoutMs: TIMEOUT_MS });
      return code === 0 ? parseDevices(`${stdout}\n${stderr}`) : null;
    } catch {
      // `program` and `problem` of the engine say why it cannot run.
      return null;
    }
  };
  return {
    of: (launcher) => {
      const key = JSON.stringify([launcher.command, ...launcher.args]);
      const last = looks.get(key);
      if (last !== undefined && clock.elapsed() - last.at < FRESH_MS) return last.devices;
      const devices = look(launcher);
      looks.set(key, { at: clock.elapsed(), devices });
      return devices;
    },
  };
}

/** Parses the list of `llama-server --list-devices`, on build 11669; `null`: the text has no such list. */
export function parseDevices(text: string): EngineDevice[] | null {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === HEADING);
  if (start === -1) return null;
  return lines.slice(start + 1).flatMap((line) => {
    const [, name, description, total, free] = DEVICE.exec(line) ?? [];
    if (name === undefined || description === undefined) return [];
    const bytes = (mebibytes: string | undefined): number | null =>
      mebibytes === undefined ? null : Number(mebibytes) * MEBIBYTE;
    return [{ name, description, memory_total: bytes(total), memory_free: bytes(free) }];
  });
}
