import { setFlagsFromString } from 'node:v8';

/*
 * Imported before anything else, for what it does: has V8 collect often enough that a dispatcher needs no more memory
 * after millions of messages than after a hundred thousand. Messages wait in their batches for longer than two
 * collections of young objects, so they end in the old generation, where V8 by itself lets several times of what is
 * alive pile up before it looks. A full collection of the 45 MiB that are alive, once in 60,000 messages, costs
 * less than a microsecond a message.
 *
 * No limit, as `--max-old-space-size` would be: more connections or a larger cap on unrecorded messages may need
 * what they need. V8 reads the flag at the end of each full collection, to size the heap up to the next one, and the
 * start itself ends with one, on Node 20 and on Node 24 (`node --trace-gc`). Node's manual warns of flags that are set late
 * (https://nodejs.org/docs/latest-v24.x/api/v8.html#v8setflagsfromstringflags), so a test checks the effect of this one.
 */

/** How much the old generation may grow over what was alive at the last full collection, in percent. */
const GROWTH = 30;

setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
