import path from 'node:path';
import { ModelLibrary } from '../models/library.ts';
import { SlicedWork } from '../sliced-work.ts';
import { FakeClock } from './fake-clock.ts';

/** The library of the models in one folder, not scanned yet. Close it. */
export function folderLibrary(folder: string): ModelLibrary {
  const clock = new FakeClock({ realUpToMs: 1 });
  return new ModelLibrary({
    clock,
    work: new SlicedWork(clock),
    places: [{ source: 'folder', folder, layout: 'files' }],
    // Tests scan when they have changed the folder.
    watchFolder: () => () => undefined,
    indexFile: path.join(folder, 'models.index'),
    onFault: (error) => {
      throw error;
    },
  });
}
