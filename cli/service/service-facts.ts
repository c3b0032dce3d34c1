import { codeOf } from '@llamactl/contract/reason';
import { accessSync, constants, realpathSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LoadedConfig } from '@llamactl/server/main';
import type { OwnProgram } from '../server/own-program.ts';
import type { ServiceFacts } from './service-definition.ts';
import type { ServiceManager } from './service-manager.ts';

/** Flags of `serve` that a service keeps. */
export interface KeptFlags {
  config?: string;
  host?: string;
  port?: string;
  dataDir?: string;
  logLevel?: string;
  stopEngines?: boolean;
}

/** The user who asks for a definition, and how this program was started. */
export interface ServiceMaker {
  own: OwnProgram;
  searchPath: string;
  home: string;
  /** The base of relative paths. */
  folder: string;
}

/** Home directories, which a service's user may not enter. */
const HOMES = /^\/(?:home|root|Users)\//;
const WRITABLE_BY_OTHERS = 0o022;

/** @returns the facts, and warnings for the user */
export function serviceFacts(
  manager: ServiceManager,
  flags: KeptFlags,
  { config, file }: Pick<LoadedConfig, 'config' | 'file'>,
  maker: ServiceMaker,
): { facts: ServiceFacts; warnings: string[] } {
  const { own, searchPath, home, folder } = maker;
  const program = programOf(manager === 'systemd' ? { ...own, command: rootsCommand(own) } : own);
  const warnings: string[] = [];
  const absolute = (place: string | undefined): string | undefined => place && path.resolve(folder, place);
  let configFile = absolute(flags.config);
  // A service starts in another folder, and would not find this file.
  if (configFile === undefined && file !== null && path.dirname(file) === folder) {
    if (manager === 'systemd') warnings.push(`the service does not use ${file}; if it should, add --config`);
    else configFile = file;
  }
  if (manager === 'systemd' && isInHome(program[0])) {
    warnings.push(
      `${program[0]} is in a home directory, which the service's user llamactl may not read; move it to /opt`,
    );
  }
  const whose = [...flag('--config', configFile), ...flag('--data-dir', absolute(flags.dataDir))];
  return {
    facts: {
      program,
      serveFlags: [
        ...whose,
        ...flag('--host', flags.host),
        ...flag('--port', flags.port),
        ...flag('--log-level', flags.logLevel),
        ...(flags.stopEngines === true ? ['--stop-engines'] : []),
      ],
      reloadFlags: whose,
      stopTimeout: config.instances.stop_timeout,
      searchPath,
      home,
    },
    warnings,
  };
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** Root must control the program of a system service: a link that others control is replaced by its target. */
function rootsCommand({ command, script }: OwnProgram): string {
  if (script !== null) return command;
  try {
    const target = realpathSync(command);
    return isRootsPath(command) ? command : target;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return command;
  }
}

/** The launcher, if it exists: in a checkout it prepares updates, in a package it finds Node. */
function programOf({ command, argv, script }: OwnProgram): ServiceFacts['program'] {
  if (script === null) return [command];
  const launcher = path.join(path.dirname(script), '..', 'llamactl');
  try {
    accessSync(launcher, constants.X_OK);
    return [launcher];
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return [command, ...argv];
  }
}

/** Whether a path is in a home directory. */
function isInHome(place: string): boolean {
  return HOMES.test(place);
}

/**
 * Whether root alone controls an absolute path. Each folder on the way, also through links, belongs to root, is
 * writable for root alone, and is no home directory.
 *
 * @throws {Error} when a part of the path does not exist
 */
function isRootsPath(place: string): boolean {
  if (isInHome(place)) return false;
  const folder = path.dirname(place);
  if (folder !== place && !(isRootsFolder(folder) && isRootsPath(folder))) return false;
  return !lstatSync(place).isSymbolicLink() || isRootsPath(path.resolve(folder, readlinkSync(place)));
}

function isRootsFolder(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return uid === 0 && (mode & WRITABLE_BY_OTHERS) === 0;
}
