import { loadDataDir } from '#libs/config';
import { explain } from './explain.js';
import { logFolder } from './log-folder.js';
import { parseLogLine, shortForm } from './log-line.js';
import { searchLogs, searchTerms, usage } from './log-search.js';

/** `npm run logs -- mailingId=7`: a short form of each line on a terminal, the JSON itself in a pipe. */
async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const terms = searchTerms(words);
  const folder = logFolder(loadDataDir());
  let found = 0;
  for await (const line of searchLogs(folder, terms)) {
    found += 1;
    const entry = process.stdout.isTTY ? parseLogLine(line) : undefined;
    if (!process.stdout.write(`${entry ? shortForm(entry) : line}\n`)) {
      await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  }
  process.stderr.write(`${found} ${found === 1 ? 'line' : 'lines'} in the log files of ${folder}\n`);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has seen enough, as in `npm run logs -- mailingId=7 | head`.
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
});
