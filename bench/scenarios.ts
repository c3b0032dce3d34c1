import type { Scenario } from './harness/scenario.ts';
import { access } from './scenarios/access.ts';
import { adopt } from './scenarios/adopt.ts';
import { boot } from './scenarios/boot.ts';
import { coldStart } from './scenarios/cold-start.ts';
import { commandLine } from './scenarios/command-line.ts';
import { firstRequests } from './scenarios/first-requests.ts';
import { fleet } from './scenarios/fleet.ts';
import { fleetDocument } from './scenarios/fleet-document.ts';
import { gateway } from './scenarios/gateway.ts';
import { gatewayRest } from './scenarios/gateway-rest.ts';
import { gatewayStreams } from './scenarios/gateway-streams.ts';
import { hostileBodies } from './scenarios/hostile-bodies.ts';
import { list } from './scenarios/list.ts';
import { logsCost } from './scenarios/logs-cost.ts';
import { logsRotation } from './scenarios/logs-rotation.ts';
import { logsSpeed } from './scenarios/logs-speed.ts';
import { logsTail } from './scenarios/logs-tail.ts';
import { models } from './scenarios/models.ts';
import { oneStream } from './scenarios/one-stream.ts';
import { page } from './scenarios/page.ts';
import { reload } from './scenarios/reload.ts';
import { sampler } from './scenarios/sampler.ts';
import { start } from './scenarios/start.ts';
import { stop } from './scenarios/stop.ts';
import { swap } from './scenarios/swap.ts';
import { swapConversation } from './scenarios/swap-conversation.ts';
import { websocket } from './scenarios/websocket.ts';

/** All of them, in the order of the results. */
export const SCENARIOS: readonly Scenario[] = [
  boot,
  list,
  access,
  start,
  stop,
  fleet,
  fleetDocument,
  logsCost,
  logsRotation,
  logsSpeed,
  logsTail,
  models,
  sampler,
  websocket,
  page,
  firstRequests,
  oneStream,
  gateway,
  gatewayStreams,
  gatewayRest,
  hostileBodies,
  adopt,
  reload,
  coldStart,
  swap,
  swapConversation,
  commandLine,
];

/**
 * Those of the names; a word before a hyphen means all that begin so; none at all means all.
 *
 * @throws {Error} that names the scenarios there are, when one is not known
 */
export function chosenScenarios(words: readonly string[]): readonly Scenario[] {
  const isMeant = (name: string, word: string): boolean => name === word || name.startsWith(`${word}-`);
  const unknown = words.find((word) => !SCENARIOS.some(({ name }) => isMeant(name, word)));
  if (unknown !== undefined) {
    throw new Error(`No scenario is named ${unknown}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
  }
  if (words.length === 0) return SCENARIOS;
  return SCENARIOS.filter(({ name }) => words.some((word) => isMeant(name, word)));
}
