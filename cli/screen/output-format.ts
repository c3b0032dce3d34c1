import { Option } from 'commander';
import type { ValueText } from './output-template.ts';

const FORMATS = ['wide', 'json', 'yaml', 'name'] as const;
type Format = (typeof FORMATS)[number];

/** The flags that select the form of a result. */
export interface OutputFlags {
  output?: Format;
  /** A template, or one of the formats, as in `docker ps --format json`. */
  format?: string;
  json?: boolean;
  quiet?: boolean;
}

/** The form of a result. */
export interface OutputForm {
  /** Whether results are values for programs: JSON, YAML, or a filled template. */
  isJson: boolean;
  /** Whether only names or values are printed. */
  isQuiet: boolean;
  /** Whether only names are printed. */
  isNames: boolean;
  /** Whether tables have all columns, uncut. */
  isWide: boolean;
  /** Writes a value; `null`: as JSON. */
  valueText: ValueText | null;
}

/** @param hasShort False for a verb with another `-o`. */
export function outputOptions(hasShort: boolean): Option[] {
  return [
    new Option(`${hasShort ? '-o, ' : ''}--output <format>`, 'Output format').choices(FORMATS),
    new Option('--format <template>', "Print the fields of a template: '{{.Name}}\\t{{.Status}}'"),
  ];
}

export async function outputForm({ json, quiet, output, format }: OutputFlags): Promise<OutputForm> {
  const chosen = FORMATS.find((each) => each === format) ?? output ?? (json === true ? 'json' : undefined);
  const template = format === undefined || chosen === format ? null : format;
  return {
    isJson: template !== null || chosen === 'json' || chosen === 'yaml',
    isQuiet: quiet === true || chosen === 'name',
    isNames: chosen === 'name',
    isWide: chosen === 'wide',
    valueText: template === null ? (chosen === 'yaml' ? await yamlText() : null) : await templateText(template),
  };
}

/** Whether errors have to be JSON, also those of a command line that cannot be parsed. */
export function wantsJson(words: readonly string[]): boolean {
  return words.some(
    (word, index) =>
      word === '--json' ||
      /^(--output=|--format=|-o)json$/.test(word) ||
      (word === 'json' && /^(--output|--format|-o)$/.test(words[index - 1] ?? '')),
  );
}

async function yamlText(): Promise<ValueText> {
  const { stringify } = await import('yaml');
  return (value, isOneOfMany) => `${isOneOfMany ? '---\n' : ''}${stringify(value, { lineWidth: 0 }).trimEnd()}`;
}

async function templateText(template: string): Promise<ValueText> {
  const { compiledTemplate } = await import('./output-template.ts');
  return compiledTemplate(template);
}
