/**
 * Loaded into each application before its own code. When the process that reads our output is killed, the next
 * line written fails with EPIPE, and that would end the application at once, in the middle of its last requests:
 * they are worth more than the lines nobody reads.
 */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
