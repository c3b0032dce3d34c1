import { HIDDEN_CHARACTERS, HIDDEN_TAGS } from '@llamactl/contract/hidden-characters';

/** Characters that must not reach a screen: all control characters but the tab, and hidden characters. */
const CONTROLS = new RegExp(String.raw`(?!\t)[\p{Cc}${HIDDEN_CHARACTERS}${HIDDEN_TAGS}]`, 'gu');

/**
 * The first UTF-16 unit of every tag character, and of some harmless characters. The flag `u` would double the cost of
 * a search.
 */
const TAG_HALF = String.raw`\udb40`;

/**
 * Matches lines that may contain {@link CONTROLS}. One character class without a lookahead, because it checks every
 * byte that an engine writes.
 */
const HAS_CONTROL = new RegExp(String.raw`[\0-\x08\n-\x1f\x7f-\x9f${HIDDEN_CHARACTERS}${TAG_HALF}]`);

/** Like {@link HAS_CONTROL}, but for several lines at once, so line feeds are allowed. */
const HAS_CONTROL_IN_LINES = new RegExp(String.raw`[\0-\x08\x0b-\x1f\x7f-\x9f${HIDDEN_CHARACTERS}${TAG_HALF}]`);

/** Control sequences of terminals: with parameters (CSI), with text (OSC and the like), and the short ones. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;

const ELLIPSIS = '…';

/** Whether any line of a text needs {@link cleanLine}. */
export function needsCleaning(lines: string): boolean {
  return HAS_CONTROL_IN_LINES.test(lines);
}

/** The line as a terminal finally shows it: without control and hidden characters, and without overwritten text. */
export function cleanLine(line: string): string {
  if (!HAS_CONTROL.test(line)) return line;
  const plain = line.replace(SEQUENCES, '');
  const shown = plain.split('\r').findLast((part) => part !== '') ?? '';
  return shown.replace(CONTROLS, '');
}

/**
 * Shortens a text to at most `most` characters (UTF-16 units); the cut shows as an ellipsis.
 *
 * @param isCut whether the text is already incomplete
 */
export function cutText(text: string, most: number, isCut = false): string {
  if (text.length <= most && !isCut) return text;
  // A character outside the basic plane has two units: leave no half of one.
  const kept = text.slice(0, most - ELLIPSIS.length).replace(/[\ud800-\udbff]$/, '');
  return `${kept}${ELLIPSIS}`;
}
