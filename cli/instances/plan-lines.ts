import type { FleetAction, FleetStep } from '@llamactl/client';
import type { Style } from '../screen/style.ts';
import { plain } from '../screen/text.ts';

const SIGNS: Readonly<Record<FleetAction, string>> = {
  create: '+',
  change: '~',
  restart: '~',
  nothing: ' ',
  remove: '-',
};

/** A plan or its result, one line a step, with errors and warnings below it. Unchanged instances take no line. */
export function planLines(steps: readonly FleetStep[], style: Style): string[] {
  return steps.flatMap((step) => [...stepLine(step, style), ...remarks(step, style)]);
}

function stepLine({ name, action, changes, error }: FleetStep, style: Style): string[] {
  if (action === 'nothing' && error === undefined) return [];
  const because = changes.length === 0 ? '' : `  ${changes.map((change) => plain(change)).join(', ')}`;
  const also = action === 'restart' ? '  (restarts)' : '';
  return [coloured(action, `${SIGNS[action]} ${plain(name)}${because}${also}`, style)];
}

function coloured(action: FleetAction, text: string, style: Style): string {
  switch (action) {
    case 'create':
      return style.good(text);
    case 'change':
    case 'restart':
      return style.warning(text);
    case 'remove':
      return style.bad(text);
    case 'nothing':
      return text;
  }
}

/** Adds the name when the step itself has no line. */
function remarks({ name, action, warnings = [], error }: FleetStep, style: Style): string[] {
  const whose = action === 'nothing' && error === undefined ? `${plain(name)}: ` : '';
  return [
    ...(error === undefined ? [] : [`    ${style.bad('failed:')} ${plain(error)}`]),
    ...warnings.map((warning) => `    ${style.warning('note:')} ${whose}${plain(warning)}`),
  ];
}
