/** A caller as lists show it: a key by its name, `key:editor`, without its id; an address as it is, `192.0.2.7`. */
export function callerText(caller: string): string {
  return caller.replace(/^key:\S+ \((.*)\)$/, 'key:$1').replace(/^address:/, '');
}

/** A caller as filters of the API name it: `key:7`, without the name of the key. */
export function callerId(caller: string): string {
  return caller.replace(/ \(.*\)$/, '');
}
