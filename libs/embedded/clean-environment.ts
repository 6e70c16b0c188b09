/** What a program needs of its surroundings: where commands, libraries and room for temporary files are. */
const NEEDED = [
  'PATH',
  'HOME',
  'USER',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
] as const;

/** Ways out to a network, for what installs packages. */
const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;

/**
 * The environment for programs that are not ours: a list of what they may have, as ours holds API keys and the
 * provider's token, and variables such as PG* that would quietly change what they do.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { ...only(NEEDED), LC_ALL: 'C', TZ: 'UTC' };
}

/** The same for installing packages. */
export function installingEnvironment(): NodeJS.ProcessEnv {
  return { ...cleanEnvironment(), ...only(PROXIES) };
}

function only(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
