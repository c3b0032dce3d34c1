import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Connection } from './connection.ts';
import { MEASURED_CORE, pinned } from './cores.ts';
import { debianPrograms, type DebianPrograms } from './debian-programs.ts';
import { until } from './patience.ts';
import type { Bench } from './scenario.ts';

/** A proxy that stands before an engine. */
export interface Proxy {
  port: number;
  pid: number;
}

/**
 * All on one core in one process, streams not held back, connections to the engine kept. Without `http-no-delay`, haproxy holds the
 * head of a stream for 0.2 s.
 */
const HAPROXY = (port: number, engine: number): string => `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option http-no-delay
  timeout connect 5s
  timeout client 10m
  timeout server 10m
  http-reuse safe
frontend callers
  bind 127.0.0.1:${port}
  default_backend engine
backend engine
  server engine 127.0.0.1:${engine}
`;
const NGINX = (port: number, engine: number, folder: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  client_body_buffer_size 128k;
  upstream engine { server 127.0.0.1:${engine}; keepalive 512; }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    keepalive_requests 10000000;
    location / {
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 10m;
    }
  }
}
`;

const CADDY = (port: number, engine: number): string => `
{
  admin off
  auto_https off
  log {
    output discard
  }
}
http://127.0.0.1:${port} {
  reverse_proxy 127.0.0.1:${engine} {
    flush_interval -1
    transport http {
      keepalive_idle_conns_per_host 512
    }
  }
}
`;

/**
 * Starts other proxies before the engine at a port: haproxy and nginx, written in C, and Caddy, written in Go like llama-swap and
 * Ollama. These two come from no registry of packages in a form that can be built, so they cannot take part.
 *
 * @throws {Error} when they cannot be had here
 */
export async function otherProxies(
  bench: Bench,
  engine: number,
  ports: { haproxy: number; nginx: number; caddy: number },
): Promise<{ haproxy: Proxy; nginx: Proxy; caddy: Proxy }> {
  const programs = await debianPrograms(bench, ['haproxy', 'nginx', 'caddy']);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-bench-proxies-'));
  bench.belongings.add(() => rm(folder, { recursive: true, force: true }));
  await mkdir(path.join(folder, 'nginx'));
  await writeFile(path.join(folder, 'haproxy.cfg'), HAPROXY(ports.haproxy, engine));
  await writeFile(path.join(folder, 'Caddyfile'), CADDY(ports.caddy, engine));
  await writeFile(path.join(folder, 'nginx.conf'), NGINX(ports.nginx, engine, path.join(folder, 'nginx')));
  const haproxy: [string, ...string[]] = ['usr/sbin/haproxy', '-db', '-f', path.join(folder, 'haproxy.cfg')];
  const nginx: [string, ...string[]] = [
    'usr/sbin/nginx',
    '-p',
    path.join(folder, 'nginx'),
    '-c',
    path.join(folder, 'nginx.conf'),
  ];
  const caddy: [string, ...string[]] = ['usr/bin/caddy', 'run', '--config', path.join(folder, 'Caddyfile')];
  const environment = { ...programs.environment, HOME: folder };
  return {
    haproxy: await startProxy(bench, programs, haproxy, ports.haproxy),
    nginx: await startProxy(bench, programs, nginx, ports.nginx),
    caddy: await startProxy(bench, { ...programs, environment }, caddy, ports.caddy),
  };
}

async function startProxy(
  { belongings, signal }: Bench,
  { folder, environment }: DebianPrograms,
  [program, ...argv]: readonly [string, ...string[]],
  port: number,
): Promise<Proxy> {
  // taskset becomes it, so the process is its own
  const [command, ...rest] = pinned(MEASURED_CORE, [path.join(folder, program), ...argv]);
  const child = spawn(command, rest, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = once(child, 'exit');
  belongings.add(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  await until(
    program,
    async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with code ${child.exitCode}`);
      try {
        (await Connection.open(port)).close();
        return true;
      } catch (error) {
        if (error instanceof Error) return null;
        throw error;
      }
    },
    { signal, everyMs: 50 },
  );
  if (child.pid === undefined) throw new Error(`${program} has no process`);
  return { port, pid: child.pid };
}
