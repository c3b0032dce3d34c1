import { useQuery } from '@tanstack/react-query';
import type { Estimate } from '@llamactl/client';
import { number } from '../../lib/figures.ts';
import { DeviceNeed } from '../../components/memory-parts.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { estimateQuery } from '../../lib/queries.ts';
import { modelsWords } from '../../words/models.ts';

/** Whether a model of this machine fits now, and on which devices. @param model Its id. */
export function FitPart({ model }: { model: string }) {
  const words = useWords(modelsWords);
  const { client } = useApp();
  const query = useQuery(estimateQuery(client, { model }));
  return (
    <section className="flex flex-col gap-2">
      <h3 className="font-strong">{words.memory}</h3>
      <QueryPart query={query} skeleton={<Skeleton />}>
        {(estimate) => <Fit estimate={estimate} />}
      </QueryPart>
    </section>
  );
}

function Fit({ estimate }: { estimate: Estimate }) {
  const words = useWords(modelsWords);
  const { fits, must_stop: stops, per_device: devices, suggestions, context } = estimate;
  const [suggestion] = suggestions;
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2">
        <VerdictMark verdict={fits ? 'ok' : stops.length > 0 ? 'warn' : 'bad'}>
          {fits ? words.fits : stops.length > 0 ? words.mustStop(stops.join(', ')) : words.fitsNot}
        </VerdictMark>
        <span className="text-mute">{words.forContext(number(context))}</span>
      </p>
      {devices
        .filter(({ need }) => need > 0)
        .map((device) => (
          <DeviceNeed key={device.device} device={device} />
        ))}
      {!fits && suggestion !== undefined && <p>{words.suggestion(suggestion.label)}</p>}
    </>
  );
}
