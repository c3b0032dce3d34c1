import { LineCounter, parseDocument } from 'yaml';

/** A value of an instance in the document, as the server names it: `instances[2].options.threads`. */
const VALUE = /instances\[(\d+)\]((?:\.[\w-]+|\[\d+\])*)/g;

/** Turns places in a fleet document into words. */
interface FleetPlaces {
  /**
   * Rewrites a message: a place at its beginning becomes `FILE:LINE: KEY of INSTANCE`, any other `KEY of INSTANCE (line
   * N)`.
   *
   * @param file `-`: standard input.
   */
  word: (message: string, file: string) => string;
}

/**
 * Parses a fleet document. The server names its values by index; the result replaces those places by lines and names of
 * instances.
 */
export async function fleetPlaces(text: string): Promise<FleetPlaces> {
  const { offsetsOf } = await import('@llamactl/server/yaml-places');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const lineOf = (path: readonly string[]): number | null => {
    const offset = offsetsOf(document, path).at(-1);
    return offset === undefined ? null : lines.linePos(offset).line;
  };
  return {
    word: (message, file) =>
      message.replace(VALUE, (whole, index: string, rest: string, offset: number) => {
        const line = lineOf(['instances', index, ...(rest.match(/[\w-]+/g) ?? [])]);
        if (line === null) return whole;
        const name = document.getIn(['instances', Number(index), 'name']);
        const owner = typeof name === 'string' ? name : `instance ${Number(index) + 1}`;
        const value = rest === '' ? owner : `${rest.replace(/^\./, '')} of ${owner}`;
        const isFirst = message.slice(0, offset).trim() === '';
        if (isFirst) return `${file === '-' ? 'line ' : `${file}:`}${line}: ${value}`;
        return `${value} (line ${line})`;
      }),
  };
}
