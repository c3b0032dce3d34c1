import packageManifest from './package.json' with { type: 'json' };

/** The version of llamactl; one for all its packages. */
export const VERSION: string = packageManifest.version;
