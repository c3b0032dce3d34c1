/**
 * The server as `serve` starts it, which kills itself at a point.
 * `node crashing-server.ts JOURNAL POINT FROM … serve FLAGS`
 *
 * POINT: see {@link CrashPoints}; `never`: it only counts. FROM: `boot`: they count from the start; else SIGUSR2 arms it. What stands between is how the program itself
 * would be started.
 */
import { openSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startApp } from '../../server/app/app.ts';
import { readEnvironment } from '../../server/config/env.ts';
import { readConfig, serverLog } from '../../server/main.ts';
import { BUILD_TIME, COMMIT, VERSION } from '../../server/version.ts';
import { CrashPoints } from './crash-points.ts';

const [, , pointFile = '', journal = '', from = '', ...rest] = process.argv;
const { values } = parseArgs({
  args: rest.slice(rest.indexOf('serve') + 1),
  options: { config: { type: 'string' }, 'data-dir': { type: 'string' }, port: { type: 'string' } },
  strict: true,
});
process.title = 'llamactl serve';
process.umask(0o077);
const points = new CrashPoints(openSync(journal, 'a'));
function arm(): void {
  const point = readFileSync(pointFile, 'utf8');
  points.arm(point === '' ? null : Number(point));
}
if (from === 'boot') arm();
else process.on('SIGUSR2', arm);
const app = await startApp({
  loaded: readConfig({
    configFile: values.config ?? null,
    overrides: { data_dir: values['data-dir'] ?? '', 'server.port': values.port ?? '' },
    searchLocal: false,
  }),
  environment: readEnvironment(),
  ...serverLog('info'),
  version: VERSION,
  buildTime: BUILD_TIME,
  commit: COMMIT,
  interposition: points,
});
process.stdout.write(`${JSON.stringify({ url: app.url, pid: process.pid, msg: 'llamactl listens' })}\n`);
