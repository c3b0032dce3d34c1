/**
 * The name of the file with the results of a processor: only results of one processor can be compared.
 *
 * @param model as the system names it
 * @param isBusy whether other work kept all cores busy
 */
export function fileOfProcessor(model: string, isBusy: boolean): string {
  const words = model.toLowerCase().replaceAll(/\((?:r|tm)\)|processor|cpu/g, '');
  return `${words.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')}${isBusy ? '-busy' : ''}.md`;
}

const introduction = (model: string, isBusy: boolean): string => `# Results: ${model}${isBusy ? ', busy' : ''}

<!-- Written by \`npm run bench\`, section by section. -->

What the real program does on machines with this processor, measured from outside. A verdict compares the median with the target; min
and max tell how steady it was. Where something is compared, both were measured by turns in the same run. How to read and repeat
this: [README.md](../README.md).${isBusy ? `\n\nBeside it, one endless loop for each core ran all the time. Targets are for a quiet machine.` : ''}`;

/**
 * The document with a section put in or replaced; the others stay as they are, and all stand in the order of the scenarios.
 * A section of a scenario that is no more is dropped.
 *
 * @param document as written before; empty: none yet
 * @param of.model of the processor that measured
 * @param of.isBusy whether other work kept all cores busy
 * @param of.order names of all scenarios
 */
export function withSection(
  document: string,
  section: string,
  { model, isBusy, order }: { model: string; isBusy: boolean; order: readonly string[] },
): string {
  const sections = new Map(document.split(/^(?=## )/m).map((text) => [nameOf(text), text.trim()]));
  sections.set(nameOf(section), section.trim());
  const present = order.flatMap((name) => sections.get(name) ?? []);
  return `${[introduction(model, isBusy), ...present].join('\n\n')}\n`;
}

/** `null`: of no scenario. */
function nameOf(section: string): string | null {
  return /^## ([^:\n]+):/.exec(section)?.[1] ?? null;
}
