import { type Exposition, type FamilyType, labelText } from './exposition.ts';

/** A figure as the engine wrote it. */
interface ScrapedSample {
  /** Suffix of the family's name, such as `_bucket`. */
  suffix: string;
  /** The text between the braces. */
  labels: string;
  value: string;
}

/** The figures of one engine under one name. */
export interface ScrapedFamily {
  name: string;
  type: FamilyType;
  help: string;
  samples: ScrapedSample[];
}

/** Most samples of an engine; the rest is left out. Most engines have a few dozen, vLLM has some hundreds. */
const MOST_SAMPLES = 5_000;
const LONGEST_LINE = 16_384;
/** Prefixes of llamactl's own figures: with the label `instance` they would mean something else. */
const TAKEN = /^(?:llamactl|process|nodejs)_/;
const TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const NAME = '[A-Za-z_:][A-Za-z0-9_:]*';
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME})(?:[ \\t]+(.*))?$`);
const SAMPLE = new RegExp(`^(${NAME})(?:[ \\t]*\\{(.*)\\})?[ \\t]+(\\S+)(?:[ \\t]+-?\\d+)?[ \\t]*$`);
const LABEL = /[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\"n])*)"[ \t]*(?:,|$)/y;
const VALUE = /^(?:[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|Inf)|NaN)$/;
const SUFFIX = /_(?:bucket|sum|count)$/;

/**
 * Parses an engine's figures from the Prometheus text format. Skips invalid lines, so that one engine cannot make the whole
 * page unreadable. Drops timestamps: the page reports current values.
 */
export function parseEngineText(text: string): ScrapedFamily[] {
  const families = new Map<string, ScrapedFamily>();
  const familyOf = (name: string): ScrapedFamily => {
    const family = families.get(name) ?? { name, type: 'untyped', help: '', samples: [] };
    families.set(name, family);
    return family;
  };
  let count = 0;
  for (const line of text.split(/\r?\n/)) {
    if (line.length > LONGEST_LINE) continue;
    const comment = COMMENT.exec(line);
    if (comment !== null) {
      const [, what, name = '', rest = ''] = comment;
      if (what === 'HELP') familyOf(name).help = unescaped(rest);
      else if (TYPES.has(rest)) familyOf(name).type = rest as FamilyType;
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null || count >= MOST_SAMPLES) continue;
    const [, name = '', labels = '', value = ''] = sample;
    const cleaned = cleanLabels(labels);
    if (cleaned === null || !VALUE.test(value)) continue;
    const base = familyNameOf(name, families);
    familyOf(base).samples.push({ suffix: name.slice(base.length), labels: cleaned, value });
    count += 1;
  }
  return [...families.values()].filter(({ name, samples }) => samples.length > 0 && !TAKEN.test(name));
}

/**
 * Adds an engine's figures, with the instance's name as the label `instance`. Skips a family that is already there with
 * another type.
 */
export function writeEngineFamilies(
  exposition: Exposition,
  families: readonly ScrapedFamily[],
  instance: string,
): void {
  const own = labelText({ instance });
  for (const { name, type, help, samples } of families) {
    const family = exposition.family(name, type, help);
    if (family.type !== type) continue;
    for (const { suffix, labels, value } of samples) {
      family.addText(value, labels === '' ? own : `${own},${labels}`, suffix);
    }
  }
}

function familyNameOf(name: string, families: ReadonlyMap<string, ScrapedFamily>): string {
  const base = name.replace(SUFFIX, '');
  const type = families.get(base)?.type;
  return type === 'histogram' || type === 'summary' ? base : name;
}

/** Renames a label that collides with llamactl's `instance`. `null`: labels for which a scraper would refuse the whole page. */
function cleanLabels(text: string): string | null {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) return null;
    const [, given = '', value = ''] = match;
    const name = given === 'instance' ? 'exported_instance' : given;
    if (labels.has(name) || name.startsWith('__')) return null;
    labels.set(name, value);
  }
  return [...labels].map(([name, value]) => `${name}="${value}"`).join(',');
}

function unescaped(help: string): string {
  return help.replaceAll(/\\(n|\\)/g, (_, each: string) => (each === 'n' ? '\n' : each));
}
