/** The folder of the installed package that has this module; empty: the module is our own. */
export function packageFolder(module: string): string[] {
  const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module) ?? [];
  return folder === undefined ? [] : [folder];
}
