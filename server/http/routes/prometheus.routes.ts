import { OPERATIONS } from '@llamactl/contract/operations';
import type { Figures } from '../../metrics/prometheus-figures.ts';
import { textAnswer } from '../answer.ts';
import type { Bind } from '../operations.ts';

/** The text format of Prometheus. Every scraper accepts it, whatever its `Accept` says. */
const TEXT_FORM = 'text/plain; version=0.0.4; charset=utf-8';

/** Metrics for Prometheus, about the instances that the caller may see. */
export function prometheusRoutes(bind: Bind, figures: Figures): void {
  bind(OPERATIONS.getMetrics, async ({ manager }) => {
    const text = await figures.text(manager.list());
    return textAnswer(text, {
      'content-type': TEXT_FORM,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });
}
