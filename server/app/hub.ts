import type { Config } from '@llamactl/contract/config';
import type { Environment } from '../config/env.ts';
import type { HubView } from '../http/routes/hub.routes.ts';
import { hubToken } from '../models/hub/hub-token.ts';
import { largestMemory } from '../models/hub/memory-fit.ts';
import { endpointSetting, isTokenForHub, modelEndpoints } from '../models/hub/model-endpoints.ts';
import { RemoteModels } from '../models/hub/remote-models.ts';
import { RemoteRequests } from '../models/hub/remote-requests.ts';
import type { HostMeasurements } from './host-watch.ts';

export interface HubParts {
  config: Config['models'];
  environment: Environment;
  /** Home of our user, absolute. */
  home: string;
  version: string;
  /** The cache for the files of a source, absolute. */
  rootFor: HubView['rootFor'];
  machine: { gpus: Pick<HostMeasurements['gpus'], 'list'>; host: Pick<HostMeasurements['host'], 'memory'> };
}

/** Connects to nothing yet: requests follow when a caller asks. */
export function openHub({
  config,
  environment,
  home,
  version,
  machine,
  rootFor,
}: HubParts): HubView & { remote: RemoteModels } {
  const configured = isTokenForHub(config, environment) ? config.hf_token : '';
  const endpoints = modelEndpoints(config, environment);
  const remote = new RemoteModels({
    endpoints,
    token: () => hubToken({ configured, environment, home }),
    requests: new RemoteRequests({
      environment,
      version,
      settingOf: (origin) => endpointSetting(endpoints, origin),
    }),
  });
  return {
    remote,
    rootFor,
    memory: async () => largestMemory(await machine.gpus.list(), machine.host.memory().total),
  };
}
