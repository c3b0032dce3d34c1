import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type CallSettings, type LANGUAGES, openSdk, type Outcome, type Sdk, type Vendor } from './sdk.ts';

/**
 * An SDK for the tests of a `describe`: opened before them and ended after them. Where this machine has none they are
 * skipped, and say why.
 */
export function askedSdk(
  language: (typeof LANGUAGES)[number],
  vendor: Vendor,
): (name: string, settings: CallSettings) => Promise<Outcome> {
  let sdk: Sdk | { missing: string };

  beforeAll(() => {
    sdk = openSdk(language, vendor);
  });

  beforeEach((context) => {
    if ('missing' in sdk) context.skip(sdk.missing);
  });

  afterAll(async () => {
    if (!('missing' in sdk)) await sdk.end();
  });

  return async (name, settings) => {
    if ('missing' in sdk) throw new Error(sdk.missing);
    return sdk.call(name, settings);
  };
}
