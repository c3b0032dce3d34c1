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

/** Finds the setting of each warning: by the path before it, or by the value that it names. */
export function placedWarnings(warnings: readonly string[], document: SettingsDocument): PlacedWarning[] {
  return warnings.map((warning) => {
    const [, head = '', rest = '', message = ''] = WITH_PATH.exec(warning) ?? [];
    if (KEYS.includes(head)) return { path: head + rest, message };
    const { model_path: file, port } = document;
    if (typeof file === 'string' && file !== '' && warning.includes(file)) {
      return { path: 'model_path', message: withoutBegin(warning, `the model file ${file} `) };
    }
    if (typeof port === 'number' && warning.startsWith(`Port ${port} `)) {
      return { path: 'port', message: withoutBegin(warning, `Port ${port} `) };
    }
    return { path: '', message: warning };
  });
}

/** The name of the field stands before it, so the sentence does not name it again. */
function withoutBegin(sentence: string, begin: string): string {
  return sentence.startsWith(begin) ? sentence.slice(begin.length) : sentence;
}
