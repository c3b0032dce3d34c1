/** Shortens the message of a refused start for a place that names the instance and shows no code: `it needs 5 GiB …`. */
export function refusalText(message: string): string {
  return message
    .replace(/^[A-Za-z0-9._-]+ (?:cannot start|was not started): /, '')
    .replace(/\.$/, '')
    .replaceAll('`', '');
}
