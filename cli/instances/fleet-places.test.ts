import { describe, expect, it } from 'vitest';
import { fleetPlaces } from './fleet-places.ts';

const DOCUMENT = `version: 1
instances:
  - name: chat
    model_path: /m.gguf
    options:
      threds: 4
    aliases: [a, b]
  - model_path: /n.gguf
  - { name: Chat }
`;

const word = async (message: string, file = 'fleet.yaml'): Promise<string> =>
  (await fleetPlaces(DOCUMENT)).word(message, file);

describe('the places of a fleet document', () => {
  it('are lines and names instead of indices', async () => {
    expect(await word('instances[0].options.threds is not an option')).toBe(
      'fleet.yaml:6: options.threds of chat is not an option',
    );
    expect(await word('  instances[0].aliases[1] is taken')).toBe('  fleet.yaml:7: aliases[1] of chat is taken');
    expect(await word('instances[2] must be an object')).toBe('fleet.yaml:9: Chat must be an object');
  });

  it('are those of the instance if the value is missing', async () => {
    expect(await word('instances[1].name is required.')).toBe('fleet.yaml:8: name of instance 2 is required.');
  });

  it('inside of a sentence follow the name', async () => {
    expect(await word('instances[2].name is the name of instances[0] too')).toBe(
      'fleet.yaml:9: name of Chat is the name of chat (line 3) too',
    );
  });

  it('have no file name on standard input', async () => {
    expect(await word('instances[0].model_path is a folder', '-')).toBe('line 4: model_path of chat is a folder');
  });

  it('stay as the server names them if the document has no such instance', async () => {
    expect((await fleetPlaces('version: 1')).word('instances[7].name is odd', '-')).toBe('instances[7].name is odd');
    expect(await word('version must be 1')).toBe('version must be 1');
  });
});
