/**
 * Whether the long tier runs: all tests, at full length (`npm run test:long`). The push tier, `npm cit`, leaves out tests that
 * take long, where shorter ones guard the same promise; CONTRIBUTING.md lists them.
 */
export const isLong = process.env['LLAMACTL_TEST_LONG'] === '1';
