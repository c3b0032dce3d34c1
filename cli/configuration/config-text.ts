import type { ConfigSource, ConfigView } from '@llamactl/client';
import { Document, isCollection, isMap, isNode } from 'yaml';
import { plain } from '../screen/text.ts';
import { stepsOf } from './setting.ts';

/** Marks the start of a source. A `#` alone may also be part of a value. */
const MARK = '\u{1}';

/**
 * A configuration as YAML, one value a line, each with its source as a comment.
 *
 * @param faint Styles the comments.
 */
export function configLines(view: ConfigView, faint: (text: string) => string): string[] {
  const document = new Document(view.config);
  for (const [key, source] of Object.entries(view.sources)) {
    const node: unknown = document.getIn(stepsOf(key, view.config), true);
    if (!isNode(node)) continue;
    node.comment = `${MARK}${sourceText(source)}${effectOf(key, view)}`;
    if (isCollection(node)) node.flow = true;
  }
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [value = '', source] = line.split(`#${MARK}`);
      return source === undefined ? plain(value) : `${plain(value)}${faint(plain(`# ${source}`))}`;
    });
}

/** When a value takes effect, if not now. */
function effectOf(key: string, { pending, rules }: ConfigView): string {
  const effect = rules[key]?.effect;
  if (effect === 'none') return ', no effect yet';
  if (!pending.includes(key)) return '';
  return effect === 'restart' ? ', takes effect at the next start' : ', takes effect at the next reload or start';
}

/** A value as `config get` prints it: text and numbers bare, everything else as YAML. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const document = new Document(value);
  const { contents } = document;
  if (isCollection(contents) && !isMap(contents)) contents.flow = true;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}

function sourceText({ from, name, line }: ConfigSource): string {
  if (from === 'file') return line === undefined ? 'file' : `file, line ${line}`;
  return name ?? from;
}
