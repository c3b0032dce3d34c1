import { spreadOf } from './sample.ts';
import type { Figure, Readings, Scenario } from './scenario.ts';

/** A scenario with what its runs gave. */
export interface Outcome {
  scenario: Pick<Scenario, 'name' | 'title' | 'method' | 'figures'>;
  runs: readonly Readings[];
}

/** Where and when, for the line under a table. */
export interface Circumstances {
  /** `YYYY-MM-DD`. */
  date: string;
  machine: string;
}

const HEAD = ['What', 'Target', 'Median', 'Min–max', 'Verdict'];

/** Whether every claim holds. */
export function areClaimsMet({ scenario, runs }: Outcome): boolean {
  return scenario.figures.every((figure) => verdictOf(figure, runs) !== 'not met');
}

/** The section of the results that a scenario has. */
export function sectionOf({ scenario, runs }: Outcome, { date, machine }: Circumstances): string {
  const rows = scenario.figures.map((figure) => rowOf(figure, runs));
  const origin = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'} on ${date}: ${machine}.`;
  return [
    `## ${scenario.name}: ${scenario.title}`,
    scenario.method,
    tableOf([HEAD, ...rows]),
    `${origin} Again: \`npm run bench -- ${scenario.name}\`.`,
  ].join('\n\n');
}

function rowOf(figure: Figure, runs: readonly Readings[]): string[] {
  const { what, unit, most } = figure;
  const { median, least, most: highest } = spreadOf(valuesOf(figure, runs));
  return [
    what,
    most === undefined ? '' : `≤ ${numberText(most)} ${unit}`,
    `${numberText(median)} ${unit}`,
    `${numberText(least)}–${numberText(highest)}`,
    verdictOf(figure, runs),
  ];
}

function verdictOf(figure: Figure, runs: readonly Readings[]): '' | 'met' | 'not met' {
  if (figure.most === undefined) return '';
  return spreadOf(valuesOf(figure, runs)).median <= figure.most ? 'met' : 'not met';
}

function valuesOf({ key }: Figure, runs: readonly Readings[]): number[] {
  return runs.map((readings) => {
    const value = readings[key];
    if (value === undefined || !Number.isFinite(value)) throw new Error(`${key} was not measured: ${value}`);
    return value;
  });
}

/** Three digits that count, thousands apart. */
function numberText(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number(value.toFixed(Math.min(digits, 3)));
  const [whole = '', fraction] = String(rounded).split('.');
  const spaced = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_unused, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lineOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const [head = '', ...body] = rows.map((row) => lineOf(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  return [head, lineOf(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}
