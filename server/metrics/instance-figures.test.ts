import { expect, it } from 'vitest';
import { Exposition } from './exposition.ts';
import { countActive, type FiguredInstance, InstanceFigures } from './instance-figures.ts';

const STOPPED: FiguredInstance = { name: 'a', status: 'stopped', engine: 'llama_cpp', started_at: null };

it('Figures follow an instance from scrape to scrape', () => {
  const figures = new InstanceFigures();
  const scrape = (instance: FiguredInstance, streams: number): string => {
    const exposition = new Exposition();
    const requests = Array.from({ length: streams }, () => ({ instance: 'a', phase: 'streaming' as const }));
    figures.write(exposition, [instance], () => null);
    figures.writeActive(exposition, [instance], countActive(requests));
    return exposition.bytes().toString();
  };
  const before = scrape(STOPPED, 0);
  expect(before).toContain('llamactl_instance_status{instance="a",status="stopped"} 1\n');
  expect(before).toContain('llamactl_requests_in_flight{instance="a",phase="streaming"} 0\n');
  expect(scrape(STOPPED, 2)).toContain('llamactl_requests_in_flight{instance="a",phase="streaming"} 2\n');
  expect(scrape(STOPPED, 0)).toBe(before);
  const started = scrape({ ...STOPPED, status: 'starting' }, 0);
  expect(started).toContain('llamactl_instance_status{instance="a",status="stopped"} 0\n');
  expect(started).toContain('llamactl_instance_status{instance="a",status="starting"} 1\n');
});
