import { SETTINGS } from '../../lib/setting-keys.ts';
import type { SettingsDocument } from './settings-document.ts';

/** A warning of the server, and the setting that it is about. */
export interface PlacedWarning {
  /** Dotted; empty: it is about the whole. */
  path: string;
  message: string;
}

const KEYS: readonly string[] = SETTINGS;
/** `extra_args.0: …` */
const WITH_PATH = /^([a-z_]+)((?:\.[^\s:]+)?): (.+)$/s;
/** `Port 8100 …` */
const OF_PORT = /^Port (\d+) /;

/** Finds the setting of each warning: by the path before it, or by the value that it names. */
export function placedWarnings(warnings: readonly string[], document: SettingsDocument): PlacedWarning[] {
  return warnings.map((warning) => {
    const [, head = '', rest = '', message = ''] = WITH_PATH.exec(warning) ?? [];
    if (KEYS.includes(head)) return { path: head + rest, message };
    const { model_path: file, port } = document;
    if (typeof file === 'string' && file !== '' && warning.includes(file)) {
      return { path: 'model_path', message: warning };
    }
    const isOfPort = typeof port === 'number' && OF_PORT.exec(warning)?.[1] === String(port);
    return { path: isOfPort ? 'port' : '', message: warning };
  });
}
