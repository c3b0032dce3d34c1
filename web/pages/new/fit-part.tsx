import type { Estimate, Options } from '@llamactl/client';
import { number } from '../../lib/figures.ts';
import { DeviceNeed } from '../../components/memory-parts.tsx';
import { VerdictMark, type Verdict } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';

/** Whether the settings fit into the memory, in a few words. @param estimate `null`: unknown. */
export function FitMark({ estimate }: { estimate: Estimate | null }) {
  const words = useWords(newWords);
  if (estimate === null) return <VerdictMark verdict="off">{words.fitUnknown}</VerdictMark>;
  const { fits, must_stop: stops } = estimate;
  const verdict: Verdict = fits ? 'ok' : stops.length > 0 ? 'warn' : 'bad';
  return (
    <VerdictMark verdict={verdict}>
      {fits ? words.fits : stops.length > 0 ? words.mustStop(stops.join(', ')) : words.fitsNot}
    </VerdictMark>
  );
}

/** Memory on each device, and options with which it would fit. */
export function FitPart({ estimate, onUse }: { estimate: Estimate | null; onUse: (options: Options) => void }) {
  const words = useWords(newWords);
  return (
    <section className="flex flex-col gap-2">
      <h2 className="font-strong">
        <FitMark estimate={estimate} />
      </h2>
      {estimate !== null && (
        <>
          {estimate.per_device
            .filter(({ need }) => need > 0)
            .map((device) => (
              <DeviceNeed key={device.device} device={device} />
            ))}
          <p className="text-mute">{words.forContext(number(estimate.context), estimate.source)}</p>
          {estimate.suggestions.length > 0 && (
            <div className="flex flex-col items-start gap-1">
              <p>{words.wouldFit}</p>
              {estimate.suggestions.map(({ label, options }) => (
                <button
                  key={label}
                  type="button"
                  onClick={() => onUse(options)}
                  className="min-h-7 max-w-full rounded-control border border-line bg-raised px-2 py-0.5 text-left hover:bg-hover pointer-coarse:min-h-11"
                >
                  {label}
                </button>
              ))}
            </div>
          )}
        </>
      )}
    </section>
  );
}
