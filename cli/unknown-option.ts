/** Options of similar programs, and what does the same here. */
const OTHER_OPTIONS: readonly Hint[] = [
  [/^(?:ttl|keep-?alive)$/, 'to stop an instance when it is idle: llamactl update NAME --idle-timeout 10m'],
  [/^listen$/, 'the server is given its address by --host and --port of llamactl serve or llamactl up'],
  [/^watch-config$/, 'after a change of its configuration: llamactl reload; of instances: llamactl apply FILE'],
  [/^config$/, 'the configuration file is an option of the server: llamactl serve --config FILE'],
  [/^v$/, 'for the version: llamactl --version'],
  [/^p(?:rompt)?$/, 'a question follows the name of the model: llamactl run NAME QUESTION'],
  [/^(?:d|detach)$/, 'instances always run in the background, and so does a server that llamactl up starts'],
  [/^(?:i|it|ti|interactive)$/, 'on a terminal, llamactl run NAME asks for messages without an option'],
  [/^filename$/, 'the file needs no option: llamactl apply FILE'],
  [/^request-strip$/, 'give request_strip as JSON: --file FILE'],
];

/** For commands that set an instance. */
const OF_INSTANCES: readonly Hint[] = [
  [
    /^(?:name|n)$/,
    'the name needs no option: llamactl create NAME --model FILE; for another name: llamactl rename NAME NEW',
  ],
];

type Hint = readonly [name: RegExp, hint: string];

/**
 * A hint for an option that a command does not have; `null`: none.
 *
 * @param option As typed, such as `--ttl`.
 * @param takesEngineOptions The command has `-o key=value`. People know the options of their engine, and write them as
 *   the engine takes them.
 */
export function unknownOptionHint(option: string, takesEngineOptions: boolean): string | null {
  const [, name] = /^-{1,2}([a-z][\w-]*)$/.exec(option) ?? [];
  if (name === undefined) return null;
  const known = takesEngineOptions ? [...OTHER_OPTIONS, ...OF_INSTANCES] : OTHER_OPTIONS;
  const hint = known.find(([pattern]) => pattern.test(name))?.[1];
  if (hint !== undefined) return hint;
  if (!takesEngineOptions) return null;
  return `an option of the engine is written as -o ${name.replaceAll('-', '_')}=VALUE; to search them: llamactl options`;
}
