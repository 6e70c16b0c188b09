import { errorCode, freePort, isPortFree } from '#libs/embedded';

/** A port that was asked for can't be had; the message is a sentence that names the setting. */
export class PortUnavailable extends Error {
  override readonly name = 'PortUnavailable';
}

/** The port a setting names, or a free one for 0. Throws {@link PortUnavailable}. */
export async function portFor(setting: string, port: number, host: string): Promise<number> {
  if (port === 0) return freePort();
  let reason = 'is in use by another program';
  try {
    if (await isPortFree(port, host)) return port;
  } catch (error) {
    reason = `can't be listened on (${errorCode(error) ?? String(error)})`;
  }
  throw new PortUnavailable(
    `${setting}=${port} ${reason} on ${host}: stop that program, or set ${setting} to another port (0 takes a free one).`,
  );
}

/** The port a setting names; when it is not set, the usual one or, if that is taken, a free one. */
export async function portNear(setting: string, port: number | undefined, usual: number): Promise<number> {
  if (port !== undefined) return portFor(setting, port, '127.0.0.1');
  return (await isPortFree(usual)) ? usual : freePort();
}

export interface PortChoice {
  /** What was asked for; undefined leaves the choice to us. */
  readonly setting: number | undefined;
  readonly usual: number;
  readonly got: number;
}

/** Which ports are not the usual ones although nobody asked for others, in words; empty if there are none. */
export function movedPorts(choices: readonly PortChoice[]): string {
  const moved = choices.filter(({ setting, usual, got }) => setting === undefined && got !== usual);
  if (moved.length === 0) return '';
  const taken = moved.map(({ usual, got }) => `port ${got} instead of ${usual}`).join(' and ');
  return `${taken}, which ${moved.length === 1 ? 'is' : 'are'} in use by another program`;
}
