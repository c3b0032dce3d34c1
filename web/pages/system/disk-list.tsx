import { bytes } from '../../lib/figures.ts';
import { Meter } from '../../components/meter.tsx';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';
import { disksOf, type Disk, type Folder } from './disks.ts';

/** The disks that llamactl uses, with its folders on each. */
export function DiskList({ folders }: { folders: readonly Folder[] }) {
  return (
    <ul className="flex flex-col gap-4">
      {disksOf(folders).map((disk) => (
        <DiskLine key={disk.folders[0].path} disk={disk} />
      ))}
    </ul>
  );
}

function DiskLine({ disk: { folders, total, free } }: { disk: Disk }) {
  const words = useWords(systemWords);
  const isKnown = total !== null && free !== null;
  return (
    <li className="flex flex-col gap-1.5">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="min-w-0">{[...new Set(folders.map(({ kind }) => words.folders[kind]))].join(', ')}</span>
        {isKnown && <span className="figures ml-auto shrink-0">{`${words.free(bytes(free))} · ${bytes(total)}`}</span>}
      </p>
      {isKnown ? (
        <Meter label={folders[0].path} text={words.free(bytes(free))} value={total - free} max={total} />
      ) : (
        <p className="text-mute">{words.folderUnknown}</p>
      )}
      {folders.map(({ kind, path }) => (
        <p key={`${kind} ${path}`} className="flex min-w-0 items-baseline gap-2 text-mute">
          <code className="min-w-0 truncate" title={path}>
            {path}
          </code>
          {folders.length > 1 && <span className="ml-auto shrink-0 text-label">{words.folders[kind]}</span>}
        </p>
      ))}
    </li>
  );
}
