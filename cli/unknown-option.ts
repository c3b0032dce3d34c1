/** Options of similar programs, and what does the same here. */
const OTHER_OPTIONS: Readonly<Record<string, string>> = {
  ...same('to stop an instance when it is idle: --idle-timeout 10m', 'ttl', 'keepalive', 'keep-alive'),
  ...same('the server is given its address by --host and --port of llamactl serve or llamactl up', 'listen'),
  ...same('after a change of its configuration: llamactl reload; of instances: llamactl apply FILE', 'watch-config'),
  ...same('the configuration file is an option of the server: llamactl serve --config FILE', 'config'),
  ...same('for the version: llamactl --version', 'v'),
  ...same('give request_strip as JSON: --file FILE', 'request-strip'),
};

/** For commands that set an instance. */
const OF_INSTANCES: Readonly<Record<string, string>> = same(
  'the name needs no option: llamactl create NAME --model FILE; for another name: llamactl rename NAME NEW',
  'name',
  'n',
);

function same(hint: string, ...options: readonly string[]): Record<string, string> {
  return Object.fromEntries(options.map((option) => [option, hint]));
}

/**
 * A hint for an option that a command does not have; `null`: none.
 *
 * @param option As typed, such as `--ttl`.
 * @param takesEngineOptions The command has `-o key=value`. People know the options of their engine, and write them as for it.
 */
export function unknownOptionHint(option: string, takesEngineOptions: boolean): string | null {
  const [, name] = /^-{1,2}([a-z][\w-]*)$/.exec(option) ?? [];
  if (name === undefined) return null;
  if (Object.hasOwn(OTHER_OPTIONS, name)) return OTHER_OPTIONS[name] ?? null;
  if (!takesEngineOptions) return null;
  if (Object.hasOwn(OF_INSTANCES, name)) return OF_INSTANCES[name] ?? null;
  return `an option of the engine is written as -o ${name.replaceAll('-', '_')}=VALUE; to search them: llamactl options`;
}
