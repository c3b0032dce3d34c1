import type { EventsOptions, Frame } from '@llamactl/client';
import type { Session } from './command-line.ts';

export interface LiveEventsOptions extends EventsOptions {
  /** From now on nothing is missed: called each time that the connection stands, before the first frame comes over it. */
  onOpen: () => void;
}

/**
 * What happens, as the client tells it, and also when it is connected: whoever keeps something true by events has to ask
 * for the present after that, and not before.
 */
export async function liveEvents(
  { address: { url }, signal, freshToken }: Pick<Session, 'address' | 'signal' | 'freshToken'>,
  { onOpen, ...options }: LiveEventsOptions,
): Promise<AsyncGenerator<Frame, void, void>> {
  const { Client } = await import('@llamactl/client');
  class OpeningWebSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols);
      this.addEventListener('open', onOpen, { once: true });
    }
  }
  const client = new Client({ url, token: freshToken, WebSocket: OpeningWebSocket });
  return client.events({ signal, ...options });
}
