import { Scalar, stringify } from 'yaml';
import { isRecord } from '@llamactl/contract/record';

/** The style in which a file writes its values. */
export interface Notation {
  /** YAML version: in 1.1 a bare `yes` is a boolean. */
  version: '1.1' | '1.2' | 'next';
  /** Whether the file is JSON: keys and values are in double quotes. */
  isJson: boolean;
  lineEnd: '\n' | '\r\n';
  /** Indentation of a section within the one around it. */
  step: string;
}

/** A value on one line, valid in block and in flow style. @param style Style of the scalar that it replaces. */
export function flowText(value: unknown, notation: Notation, style?: Scalar.Type | null): string {
  if (notation.isJson) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, notation)).join(', ')}]`;
  if (!isRecord(value)) return scalarText(value, notation, style);
  const entries = Object.entries(value).map(([key, item]) => flowEntry(key, item, notation));
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** Writes `key: value` on one line. */
export function flowEntry(key: string, value: unknown, notation: Notation): string {
  return `${flowText(key, notation)}: ${flowText(value, notation)}`;
}

/** Writes `key: value` on lines that begin with `indent`, sections as blocks, without a final line end. */
export function blockEntry(key: string, value: unknown, indent: string, notation: Notation): string {
  if (!isRecord(value) || Object.keys(value).length === 0) return indent + flowEntry(key, value, notation);
  const inner = Object.entries(value).map((entry) => blockEntry(...entry, indent + notation.step, notation));
  return [`${indent}${flowText(key, notation)}:`, ...inner].join(notation.lineEnd);
}

function scalarText(value: unknown, { version }: Notation, style: Scalar.Type | null = null): string {
  // The library would write several lines. JSON strings are valid YAML.
  if (typeof value === 'string' && /[\n\r]/.test(value)) return JSON.stringify(value);
  const scalar = new Scalar(value);
  const isQuoted = style === 'QUOTE_SINGLE' || style === 'QUOTE_DOUBLE';
  if (isQuoted && typeof value === 'string') scalar.type = style;
  const options = { version, lineWidth: 0, collectionStyle: 'flow', flowCollectionPadding: false } as const;
  // Written in a list, because text that needs no quotes there needs none anywhere.
  const list = stringify([scalar], options);
  return list.slice('['.length, -']\n'.length);
}
