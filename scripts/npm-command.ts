/** The npm that started this process, else the one on PATH. */
export function npmCommand(): readonly [string, ...string[]] {
  const script = process.env['npm_execpath'];
  return script === undefined || !script.endsWith('.js') ? ['npm'] : [process.execPath, script];
}
