/** Sentences of commands to instances. */
export const en = {
  start: 'Start',
  stop: 'Stop',
  restart: 'Restart',
  edit: 'Edit',
  logs: 'Logs',
  use: 'Use it',
  duplicate: 'Duplicate',
  remove: 'Delete',
  removeDots: 'Delete …',
  more: (name: string) => `More for ${name}`,
  chatWith: (name: string) => `Chat with ${name}`,
  startName: (name: string) => `Start ${name}`,
  stopName: (name: string) => `Stop ${name}`,
  busyTitle: (what: string) => `${what}: requests are under way`,
  busyText: (requests: number, names: string) =>
    `${requests === 1 ? 'One request is' : `${requests} requests are`} under way at ${names}.`,
  letFinish: 'Let them finish, 30 s',
  now: 'Now',
  deleteTitle: (names: string) => `Delete ${names}?`,
  deleteText: 'Settings, logs and history of the instance are deleted. The model file stays.',
  deleteMany: (count: number) => `Settings, logs and history of ${count} instances are deleted. Model files stay.`,
  deleteRunning: 'It is running, so it is stopped first.',
  deleteRunningMany: (count: number) =>
    count === 1
      ? 'One of them is running, and has to stop first.'
      : `${count} of them are running, and have to stop first.`,
  deleteStopped: (count: number) => (count === 1 ? 'Delete the stopped one' : `Delete the ${count} stopped ones`),
  stopAndDeleteAll: (count: number) => `Stop and delete all ${count}`,
  stopAndDelete: 'Stop and delete',
  manyNames: (count: number) => `${count} instances`,
  stopped: (name: string) => `${name} is stopped.`,
  stoppedMany: (count: number) => `${count} instances are stopped.`,
  deleted: (name: string) => `${name} is deleted.`,
  deletedMany: (count: number) => `${count} instances are deleted.`,
  startsOnDemand: 'The next request starts it.',
  startsOnDemandMany: (count: number, total: number) =>
    count === total ? 'The next request starts each of them.' : `The next request starts ${count} of them.`,
  startAgain: 'Start again',
  groupFull: (group: string, most: number) => `Group ${group} allows ${most} at once.`,
  bulkFailed: (done: number, total: number, first: string) => `${done} of ${total} done. ${first}`,
};
