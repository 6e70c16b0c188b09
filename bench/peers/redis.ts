import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#libs/embedded';
import { errorCode } from '#libs/embedded';
import { createInterface } from 'node:readline';

/** A Redis as its package ships it, with its snapshots, on a free port. Throws when there is none to start. */
export async function startRedis(): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'ems-bench-redis-'));
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const missing = new Promise<never>((_, reject) => {
    redis.once('error', (error) => {
      const how = errorCode(error) === 'ENOENT' ? 'is needed: apt-get install redis-server' : String(error);
      reject(new Error(`redis-server ${how}`));
    });
  });
  const ready = (async () => {
    for await (const line of createInterface(redis.stdout)) {
      if (line.includes('Ready to accept connections')) return;
    }
    throw new Error('redis-server has ended');
  })();
  await Promise.race([ready, missing]);
  redis.stdout.resume();
  return {
    port,
    stop: async () => {
      redis.kill('SIGKILL');
      await once(redis, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
