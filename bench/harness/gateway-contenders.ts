import { PortBlock } from '@llamactl/server/testing/port-block';
import { CANNED_PATH, cannedGateway } from './canned-gateway.ts';
import { OTHER_CORE } from './cores.ts';
import { GatewayLoad } from './gateway-load.ts';
import { otherProxies } from './other-proxies.ts';
import type { Contender } from './request-cost.ts';
import type { Bench } from './scenario.ts';

/** All ways to one engine, which answers at once, and those who take them. */
export interface Contenders {
  direct: Contender;
  haproxy: Contender;
  nginx: Contender;
  /** A proxy in Go. */
  caddy: Contender;
  /** With accounts on and a key, so that every request is checked and counted. */
  llamactl: Contender;
  /** Ends llamactl and starts it again. */
  restart: () => Promise<Contender>;
  load: GatewayLoad;
}

/** What is measured has one core, engine and callers have another. @throws {Error} when one of the other proxies cannot be had */
export async function gatewayContenders(bench: Bench): Promise<Contenders> {
  const { llamactl, enginePort: port, restart } = await cannedGateway(bench);
  const block = await PortBlock.take();
  bench.belongings.add(() => block.release());
  const ports = { haproxy: block.next(), nginx: block.next(), caddy: block.next() };
  const { haproxy, nginx, caddy } = await otherProxies(bench, port, ports);
  const plain = (of: { port: number; pid: number | null }): Contender => ({
    pid: of.pid,
    place: { port: of.port, path: CANNED_PATH, fields: '' },
  });
  return {
    direct: plain({ port, pid: null }),
    haproxy: plain(haproxy),
    nginx: plain(nginx),
    caddy: plain(caddy),
    llamactl,
    restart,
    load: GatewayLoad.start(bench, OTHER_CORE),
  };
}
