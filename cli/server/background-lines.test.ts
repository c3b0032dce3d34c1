import { readConfig } from '@llamactl/server/main';
import { describe, expect, it } from 'vitest';
import { Style } from '../screen/style.ts';
import { backgroundLines } from './background-lines.ts';
import type { BackgroundServer } from './background-server.ts';

const SERVER: BackgroundServer = {
  isNew: true,
  pid: 7,
  version: '0.1.0',
  url: 'http://127.0.0.1:9000',
  loaded: readConfig({
    configFile: null,
    overrides: {},
    searchLocal: false,
    user: { environment: {}, home: '/home/me' },
  }),
  isUsual: true,
  log: '/home/me/.local/share/llamactl/server.log',
  passwordFile: null,
  isPasswordNew: false,
  stop: 'llamactl down',
  stopsEngines: false,
};

function lines(changes: Partial<BackgroundServer> = {}, ignored: string | null = null): string {
  const server = { ...SERVER, ...changes };
  return backgroundLines(server, { version: '0.1.0', style: new Style(false), ignored }).join('\n');
}

describe('the message about a server in the background', () => {
  it('has the address, and how to stop the server', () => {
    expect(lines()).toContain('llamactl 0.1.0 listens on http://127.0.0.1:9000 (process 7)');
    expect(lines()).toContain('llamactl down; engines keep running');
  });

  it('has the option for other commands, if they do not find the server by themselves', () => {
    expect(lines({ isUsual: false })).toMatch(/commands +find it with --url http:\/\/127\.0\.0\.1:9000\n/);
    expect(lines()).not.toContain('--url');
  });

  it('names variables without effect in one line, for a new server', () => {
    const variables = 'OLLAMA_HOST; here: server.host';
    expect(lines({}, variables)).toMatch(/no effect +OLLAMA_HOST; here: server\.host\n/);
    expect(lines({ isNew: false }, variables)).not.toContain('OLLAMA_HOST');
  });

  it('says where the password of the first account is, also at later starts', () => {
    const { loaded } = SERVER;
    const on = { ...loaded, config: { ...loaded.config, auth: { ...loaded.config.auth, enabled: true } } };
    const passwordFile = '/data/admin-password';
    expect(lines({ loaded: on })).toMatch(/accounts +on: llamactl login\n/);
    expect(lines({ loaded: on, passwordFile, isPasswordNew: true })).toContain(
      `on: user admin, password in ${passwordFile}\n`,
    );
    expect(lines({ loaded: on, passwordFile })).toContain(
      `llamactl login; the password of admin, unless it was changed, is in ${passwordFile}\n`,
    );
  });
});
