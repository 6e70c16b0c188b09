import { execFile } from 'node:child_process';

/** What a container's health check runs: `node -e <script>`, and what the script asks. */
export interface HealthProbe {
  script: string;
  port: number;
  path: string;
}

/** Reads a health check's command, which must be a call of Node's fetch. Throws for anything else. */
export function healthProbe(command: readonly string[]): HealthProbe {
  const [node, flag, script = '', ...more] = command;
  const [, port, path] =
    /^fetch\('http:\/\/127\.0\.0\.1:(?:(\d+)|' \+ \(process\.env\.PORT \|\| \d+\) \+ ')(\/[\w/]+)'\)/.exec(
      script,
    ) ?? [];
  if (node !== 'node' || flag !== '-e' || path === undefined || more.length > 0) {
    throw new Error(`Not a health check by fetch: ${command.join(' ')}`);
  }
  return { script, port: Number(port ?? /\|\| (\d+)\)/.exec(script)?.[1]), path };
}

/** Runs the probe against another port of this machine; the exit code. */
export function runProbe({ script, port }: HealthProbe, against: number): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['-e', script.replace(String(port), String(against))], {
      env: {},
    });
    child.once('close', (code) => resolve(code ?? -1));
  });
}
