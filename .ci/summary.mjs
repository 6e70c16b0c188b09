// Names what failed in vitest's reports and in those of the fault suite, and counts all of it in its last line: where
// only the end of the output is kept, that is what is left. The directory of the reports is its argument.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = process.argv[2];

// A part that did not get as far as to write its report has none.
const read = (file, none) => {
  try {
    return JSON.parse(readFileSync(join(directory, file), 'utf8'));
  } catch {
    return none;
  }
};

const firstLines = (text, count) => text.split('\n').slice(0, count).join('\n  ');

// A file whose hooks or imports fail may have no failed test of its own.
const failuresOf = (file, { name, status, message, assertionResults }) => {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (status === 'failed' && failed.length === 0) return [`${file} ${name}: ${firstLines(message, 5)}`];
  return failed.map(
    ({ fullName, failureMessages }) =>
      `${file} ${name}: ${fullName}: ${firstLines(failureMessages.join('\n'), 5)}`,
  );
};

const suites = ['vitest.json', 'vitest-newer.json'].map((file) => ({
  file,
  ...read(file, { numPassedTests: 0, testResults: [] }),
}));
const scenarios = ['faults.json', 'all-faults.json'].flatMap((file) =>
  read(file, []).map((scenario) => ({ file, ...scenario })),
);
const broken = scenarios.filter(({ breaches }) => breaches.length > 0);

const failures = [
  ...suites.flatMap(({ file, testResults }) => testResults.flatMap((result) => failuresOf(file, result))),
  ...broken.map(
    ({ file, name, seed, breaches }) => `${file} ${name}, seed ${seed}: ${JSON.stringify(breaches)}`,
  ),
];
const passed = suites.reduce((total, { numPassedTests }) => total + numPassedTests, 0);

const lines = [
  ...failures.map((failure) => `failed: ${failure}`),
  `tests: ${passed + scenarios.length - broken.length} passed, ${failures.length} failed`,
];
process.stdout.write(`${lines.join('\n')}\n`);
