const INTRODUCTION = `# Results

<!-- Written by \`npm run bench\`, section by section. -->

What the real program does on a real machine, measured from outside. A verdict compares the median with the target; min and
max tell how steady it was. Where something is compared, both were measured by turns in the same run. How to read and repeat
this: [README.md](README.md).`;

/**
 * The document with a section put in or replaced; the others stay as they are, and all stand in the order of the scenarios.
 * A section of a scenario that is no more is dropped.
 *
 * @param document as written before; empty: none yet
 * @param order names of all scenarios
 */
export function withSection(document: string, section: string, order: readonly string[]): string {
  const sections = new Map(document.split(/^(?=## )/m).map((text) => [nameOf(text), text.trim()]));
  sections.set(nameOf(section), section.trim());
  const present = order.flatMap((name) => sections.get(name) ?? []);
  return `${[INTRODUCTION, ...present].join('\n\n')}\n`;
}

/** `null`: of no scenario. */
function nameOf(section: string): string | null {
  return /^## ([^:\n]+):/.exec(section)?.[1] ?? null;
}
