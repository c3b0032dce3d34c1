import { BUILD_STAMP } from './build-stamp.ts';
import packageManifest from './package.json' with { type: 'json' };

/** The version of llamactl; one for all its packages. */
export const VERSION: string = packageManifest.version;

/** When the package was built, or these files were made or checked out; RFC 3339. */
export const BUILD_TIME: string = BUILD_STAMP.time;

/** Of the source; `-dirty` behind it: a package was built with changes. `null`: not known. */
export const COMMIT: string | null = BUILD_STAMP.commit;
