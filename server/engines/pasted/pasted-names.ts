import type { PastedSettings } from './pasted-settings.ts';

/** The settings of one model, and its name in the text; `null`: it has none there. */
export interface NamedSettings {
  model: string | null;
  settings: PastedSettings;
}

/**
 * Makes the names of several instances differ. Names ignore case, which those of llama-swap do not. The first of two
 * equal names stays, and so does the first of two equal aliases. Every change is among the dropped texts of its instance.
 */
export function separateNames(all: readonly NamedSettings[]): void {
  const owners = separateInstances(all);
  const aliases = new Map<string, string>();
  for (const { model, settings } of all) {
    const own = settings.name?.toLowerCase();
    for (const alias of settings.aliases) {
      const small = alias.toLowerCase();
      const owner = small === own ? undefined : (owners.get(small) ?? aliases.get(alias));
      if (owner === undefined) aliases.set(alias, shown(model, settings));
      else settings.withoutAlias(alias, `the model ${JSON.stringify(owner)} has this name already`);
    }
  }
}

/** @returns the models by the name of their instance, in small letters */
function separateInstances(all: readonly NamedSettings[]): Map<string, string> {
  const owners = new Map<string, string>();
  /** The name of a later model stays free for it. */
  const given = new Set(all.map(({ settings }) => settings.name?.toLowerCase()));
  for (const { model, settings } of all) {
    const { name } = settings;
    if (name === undefined) continue;
    const owner = owners.get(name.toLowerCase());
    if (owner !== undefined) {
      let count = 2;
      while (given.has(numbered(name, count).toLowerCase())) count += 1;
      const free = numbered(name, count);
      settings.rename(free);
      given.add(free.toLowerCase());
      settings.drop(
        model ?? name,
        `the instance of ${JSON.stringify(owner)} has the name ${name} already (names ignore case); this one is called ${free}`,
      );
    }
    owners.set((settings.name ?? name).toLowerCase(), shown(model, settings));
  }
  return owners;
}

/** The longest name has 63 characters. */
function numbered(name: string, count: number): string {
  return `${name.slice(0, 58)}-${count}`;
}

function shown(model: string | null, { name = '' }: PastedSettings): string {
  return model ?? name;
}
