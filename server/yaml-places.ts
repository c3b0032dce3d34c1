import { isAlias, isMap, isNode, isScalar, isSeq, type Document } from 'yaml';

/**
 * Returns the offset of each step of a path in the text, as far as the document contains the path: that of a key, or of
 * an item of a list.
 */
export function offsetsOf(document: Document, path: readonly PropertyKey[]): number[] {
  let node: unknown = document.contents;
  const offsets: number[] = [];
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    let start: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
      [start, node] = [pair?.key, pair?.value];
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      start = node;
    }
    if (!isNode(start) || !start.range) break;
    offsets.push(start.range[0]);
  }
  return offsets;
}
