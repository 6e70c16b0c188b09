import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Something on the machine that a scenario can't be played without. */
export interface Tool {
  name: string;
  /** The line that installs it. */
  install: string;
  /** The file that is used, if it is there. */
  file: string | undefined;
}

/** Debian's package `faketime`, in whatever folder this architecture has it. */
export const faketime: Tool = {
  name: 'libfaketime',
  install: 'apt-get install faketime',
  file: existsSync('/usr/lib')
    ? readdirSync('/usr/lib')
        .map((name) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
        .find((file) => existsSync(file))
    : undefined,
};

/** A sentence for each scenario that lacks its tool. */
export function missingTools(cast: readonly { name: string; needs?: Tool }[]): string[] {
  return cast.flatMap(({ name, needs }) =>
    needs && needs.file === undefined
      ? [`${name} will fail: it needs ${needs.name}. Install it first: ${needs.install}`]
      : [],
  );
}
