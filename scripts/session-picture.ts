import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { withProgram } from './temporary-program.ts';

/**
 * Records a session of the real program, with a real engine and the demo model, as the picture of the README.
 *
 *     npm run picture
 */

const ROOT = path.join(import.meta.dirname, '..');

/** The picture in the README. */
export const SESSION_PICTURE = path.join(ROOT, 'docs', 'session.svg');

/** The commands of the session, as a user types them. */
export const SESSION = [
  'llamactl up',
  'llamactl run ~/models/demo.gguf "Hello!"',
  'llamactl ps',
  'llamactl down',
  'llamactl up --quiet',
  'llamactl ps',
];

/** Home directory and port that the picture shows in place of the real ones. */
const SHOWN = { home: '/home/you', port: 8080 };

/** @returns the lines of a terminal, with their escape sequences */
export async function recordSession(): Promise<string[]> {
  const frame = { prefix: 'llamactl-session-', model: 'demo.gguf', environment: { CLICOLOR_FORCE: '1' } };
  return withProgram(frame, async ({ home, port, run }) => {
    const lines: string[] = [];
    for (const command of SESSION) {
      const output = (await run(command)).replaceAll(home, SHOWN.home).replaceAll(`:${port}`, `:${SHOWN.port}`);
      // On a busy machine `up` prints that it waits.
      const printed = output
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('llamactl: waiting'));
      lines.push(`$ ${command}`, ...printed);
    }
    return lines;
  });
}

/** Sizes in pixels. Fonts differ; none is wider than a column. */
const COLUMN = 7.9;
const LINE = 20;
const MARGIN = 18;
const BAR = 30;

/** CSS classes by the code of an escape sequence. All other codes end a colour. */
const CLASSES: Readonly<Record<string, string>> = { 1: 'strong', 2: 'faint', 31: 'bad', 32: 'good', 33: 'warning' };

/** Draws lines of a terminal as an SVG that is readable on light and dark pages. */
export function pictureOf(lines: readonly string[]): string {
  const columns = Math.max(...lines.map((line) => stripVTControlCharacters(line).length));
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
  const height = BAR + lines.length * LINE + MARGIN;
  const rows = lines.map(
    (line, index) => `<text x="${MARGIN}" y="${BAR + (index + 1) * LINE - 5}">${spansOf(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>A terminal session with llamactl</title>
<style>
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #24292f }
  rect { fill: #f6f8fa; stroke: #d0d7de }
  .command, .strong { font-weight: bold }
  .faint { fill: #57606a } .good { fill: #1a7f37 } .warning { fill: #9a6700 } .bad { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    rect { fill: #0d1117; stroke: #30363d }
    .faint { fill: #9198a1 } .good { fill: #3fb950 } .warning { fill: #d29922 } .bad { fill: #f85149 }
  }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
<circle cx="20" cy="16" r="5.5" fill="#ff5f57"/><circle cx="38" cy="16" r="5.5" fill="#febc2e"/><circle cx="56" cy="16" r="5.5" fill="#28c840"/>
${rows.join('\n')}
</svg>
`;
}

function spansOf(line: string): string {
  if (line.startsWith('$ ')) return span('faint', '$ ') + span('command', line.slice(2));
  // The text before the first sequence, then pairs of a code and its text.
  // oxlint-disable-next-line no-control-regex
  const [first = '', ...pairs] = line.split(/\u001B\[(\d+)m/);
  const spans = [span(undefined, first)];
  for (let index = 0; index < pairs.length; index += 2) {
    spans.push(span(CLASSES[pairs[index] ?? ''], pairs[index + 1] ?? ''));
  }
  return spans.join('');
}

function span(kind: string | undefined, text: string): string {
  const literal = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return kind === undefined || literal === '' ? literal : `<tspan class="${kind}">${literal}</tspan>`;
}

if (import.meta.main) await writeFile(SESSION_PICTURE, pictureOf(await recordSession()));
