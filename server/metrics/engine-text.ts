import { type Exposition, type FamilyType, labelText } from './prometheus.ts';

/** A figure as an engine told it. */
interface ScrapedSample {
  /** What stands behind the family's name, such as `_bucket`. */
  suffix: string;
  /** Between the braces. */
  labels: string;
  value: string;
}

/** Figures of one name, of one engine. */
export interface ScrapedFamily {
  name: string;
  type: FamilyType;
  help: string;
  samples: ScrapedSample[];
}

/** An engine tells a few dozen, vLLM some hundreds; more are left out. */
const MOST_SAMPLES = 5_000;
const LONGEST_LINE = 16_384;
/** Ours: with the label `instance` they would be about something else. */
const TAKEN = /^(?:llamactl|process|nodejs)_/;
const TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const NAME = '[A-Za-z_:][A-Za-z0-9_:]*';
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME})(?:[ \\t]+(.*))?$`);
const SAMPLE = new RegExp(`^(${NAME})(?:[ \\t]*\\{(.*)\\})?[ \\t]+(\\S+)(?:[ \\t]+-?\\d+)?[ \\t]*$`);
const LABEL = /[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\"n])*)"[ \t]*(?:,|$)/y;
const VALUE = /^(?:[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|Inf)|NaN)$/;
const SUFFIX = /_(?:bucket|sum|count)$/;

/**
 * Reads what an engine says of itself in the text form of Prometheus. Lines that are none are left out: a page must not
 * become unreadable because of one engine. Timestamps are dropped: what is re-exported is of now.
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

/** Adds an engine's figures under the name of its instance. A family that another engine tells as another type is left out. */
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

/** The same labels, without one that would be taken for ours; `null`: a scraper would refuse the whole page for them. */
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
