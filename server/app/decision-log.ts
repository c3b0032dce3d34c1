import type { Logger } from 'pino';
import { DecisionTrace, type DecisionTraceDependencies } from '../events/decision-trace.ts';

export interface DecisionTraceParts extends Omit<DecisionTraceDependencies, 'onError'> {
  log: Logger;
  onFault: (error: unknown, what: string) => void;
}

/** Opens the trace of decisions. At the level `debug` every decision is a line of the log. */
export function openDecisionTrace({ log, idOf, nameOf, onFault }: DecisionTraceParts): DecisionTrace {
  const tracing = new DecisionTrace({ idOf, nameOf, onError: (error) => onFault(error, 'the trace of decisions') });
  if (!log.isLevelEnabled('debug')) return tracing;
  tracing.listen(({ data: { message, instance, ...decision } }) => {
    const subject = instance === undefined ? '' : `${instance} `;
    log.debug({ ...decision, instance: instance ?? null }, `Decision: ${subject}${message}`);
  });
  return tracing;
}
