import type { ErrorCode } from '@llamactl/contract/errors';
import { phrase, type Phrase } from '@llamactl/contract/phrases';
import type { InstanceRecord } from '../ports/instance-record.ts';

/** The name, aliases and port of an instance, which must be unique. */
export type Claim = Pick<InstanceRecord, 'id' | 'name'> & {
  aliases: readonly string[];
  /** `null`: no port yet. */
  port: number | null;
};

/** A claim to a name, alias or port that another holder has. */
export interface Clash {
  code: Extract<ErrorCode, 'INSTANCE_EXISTS' | 'ALIAS_CONFLICT' | 'PORT_CONFLICT'>;
  /** The setting that claims it, such as `port` or `aliases[0]`. */
  path: string;
  /** One sentence, without its full stop. */
  message: string;
  phrase: Phrase;
  /** Id of the holder; `null`: llamactl itself. */
  holder: string | null;
}

interface Holder {
  id: string | null;
  /** The holder in words, for a message. */
  who: string;
}

/** Names, aliases and ports with their holders. The first to take one keeps it. */
export class Claims {
  readonly #names = new Map<string, Holder>();
  readonly #aliases = new Map<string, Holder>();
  readonly #aliasesInAnyCase = new Map<string, Holder>();
  readonly #ports = new Map<number, Holder>();

  take({ id, name, aliases, port }: Claim): void {
    const holder = { id, who: name };
    put(this.#names, name.toLowerCase(), holder);
    for (const alias of aliases) {
      put(this.#aliases, alias, holder);
      put(this.#aliasesInAnyCase, alias.toLowerCase(), holder);
    }
    if (port !== null) this.takePort(port, id, `the instance ${name}`);
  }

  /** @param who The holder in words, to follow "belongs to". */
  takePort(port: number, id: string | null, who: string): void {
    put(this.#ports, port, { id, who });
  }

  /** The holder of each port, in words. */
  get ports(): ReadonlyMap<number, { who: string }> {
    return this.#ports;
  }

  /** All clashes of a claim with other holders: name first, port last. */
  clashes(claim: Claim): Clash[] {
    return [...this.#nameClashes(claim), ...this.#aliasClashes(claim), ...this.#portClashes(claim)];
  }

  #nameClashes({ id, name }: Claim): Clash[] {
    const twin = other(this.#names.get(name.toLowerCase()), id);
    if (twin !== null) {
      const message = `An instance named ${twin.who} exists already; choose another name`;
      return [
        {
          code: 'INSTANCE_EXISTS',
          path: 'name',
          message,
          phrase: phrase('name_taken', { name: twin.who }),
          holder: twin.id,
        },
      ];
    }
    // Names match in any case and before aliases, so an equal alias could never be reached.
    const shadowed = other(this.#aliasesInAnyCase.get(name.toLowerCase()), id);
    return shadowed === null ? [] : [taken('name', name, shadowed)];
  }

  #aliasClashes({ id, aliases }: Claim): Clash[] {
    return aliases.flatMap((alias, index) => {
      const holder = other(this.#aliases.get(alias), id) ?? other(this.#names.get(alias.toLowerCase()), id);
      return holder === null ? [] : [taken(`aliases[${index}]`, alias, holder)];
    });
  }

  #portClashes({ id, port }: Claim): Clash[] {
    const holder = port === null ? null : other(this.#ports.get(port), id);
    if (holder === null) return [];
    const message = `Port ${port} belongs to ${holder.who}; choose another, or leave it out to have one chosen`;
    const conflict = phrase('port_taken', { port: port ?? undefined, holder: holder.who });
    return [{ code: 'PORT_CONFLICT', path: 'port', message, phrase: conflict, holder: holder.id }];
  }
}

function taken(path: string, word: string, holder: Holder): Clash {
  const message = `${word} already names the instance ${holder.who}; choose another`;
  const conflict = phrase('names_instance', { name: word, instance: holder.who });
  return { code: 'ALIAS_CONFLICT', path, message, phrase: conflict, holder: holder.id };
}

function put<Key>(map: Map<Key, Holder>, key: Key, holder: Holder): void {
  if (!map.has(key)) map.set(key, holder);
}

function other(holder: Holder | undefined, id: string): Holder | null {
  return holder === undefined || holder.id === id ? null : holder;
}
