/** A caller as lists show it: a key by its name, `key:editor`, without its id. */
export function callerText(caller: string): string {
  return caller.replace(/^key:\S+ \((.*)\)$/, 'key:$1');
}
