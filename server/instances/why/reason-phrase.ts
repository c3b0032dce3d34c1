import type { Cause } from '@llamactl/contract/cause';
import { phrase, type Phrase } from '@llamactl/contract/phrases';
import { bareReason } from './failure-cause.ts';

const UNITS: Readonly<Record<string, number>> = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * The reason of an end or an obstacle as data: its cause, and what the message names.
 *
 * @param message Of llamactl, the engine or the system; the words of the restart policy may stand before it.
 * @param cause `null`: the end was wanted
 */
export function reasonPhrase(message: string, cause: Cause | null): Phrase | null {
  const reason = bareReason(message);
  if (cause === null) return wantedEnd(reason);
  switch (cause) {
    case 'model_missing':
    case 'model_unreadable':
    case 'model_damaged':
    case 'wrong_file':
      return phrase(cause, { file: fileIn(reason) });
    case 'port_in_use': {
      const [, port, holder] = /\bport (\d+) is in use(?: by ([^;,]+))?/i.exec(reason) ?? [];
      return phrase(cause, { port: port === undefined ? undefined : Number(port), holder });
    }
    case 'engine_missing':
      return phrase(cause, { program: /^(\S+) (?:was not found on the PATH|does not exist)/.exec(reason)?.[1] });
    case 'library_missing':
      return phrase(cause, { library: /\b(lib[\w.+-]*\.(?:so|dylib)[\w.]*)/.exec(reason)?.[1] });
    case 'argument': {
      const variable = /^environment variable "?(\w+)|^the stored variables? `(\w+)/.exec(reason);
      return phrase(cause, {
        argument: /(?:invalid argument:|argument) "?(--?[A-Za-z0-9-]+)/.exec(reason)?.[1],
        variable: variable?.[1] ?? variable?.[2],
      });
    }
    case 'does_not_fit': {
      const [, need, device, most] =
        /\bneeds ([\d.]+ [MGT]iB) of (\S+), and can get at most ([\d.]+ [MGT]iB)/.exec(reason) ?? [];
      return phrase(cause, { device, need_bytes: bytesOf(need), most_bytes: bytesOf(most) });
    }
    case 'no_progress': {
      const [, seconds] = /showed no progress for (\d+) s/.exec(reason) ?? [];
      return phrase(cause, { seconds: seconds === undefined ? undefined : Number(seconds) });
    }
    case 'unknown': {
      const [, status] = /^the engine exited with status (\d+)/.exec(reason) ?? [];
      return phrase(cause, { status: status === undefined ? undefined : Number(status) });
    }
    default:
      return { kind: cause };
  }
}

/** The end of a run that nothing was wrong with; `null`: it is no end. */
function wantedEnd(reason: string): Phrase | null {
  if (reason === 'stopped as asked') return { kind: 'as_asked' };
  if (reason.startsWith('it was evicted')) return { kind: 'evicted' };
  if (reason === 'the machine was rebooted') return { kind: 'rebooted' };
  const [idle, seconds] = /^idle for (?:(\d+) s|too long) \(idle_timeout\)/.exec(reason) ?? [];
  if (idle === undefined) return null;
  return phrase('idle', { seconds: seconds === undefined ? undefined : Number(seconds) });
}

/** The file that a message of llamactl is about. */
function fileIn(reason: string): string | undefined {
  return /\b(?:model file|projector|draft model|LoRA adapter|control vector|model|part \d+ of \d+ of the [a-z ]+),? (\S.*?) (?:does not|is|has|cannot)\b/.exec(
    reason,
  )?.[1];
}

function bytesOf(text: string | undefined): number | undefined {
  const [, number, unit = ''] = /^([\d.]+) ([MGT])iB$/.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * (UNITS[unit] ?? 1));
}
