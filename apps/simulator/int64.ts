/** A non-negative 64-bit integer: a number as long as it is exact (≤ 2^53 − 1), a bigint above. */
export type Int64 = number | bigint;

const largest = 2n ** 63n - 1n;

/** Reads decimal digits; undefined for anything else and for what does not fit into a signed int64. */
export function parseInt64(digits: string): Int64 | undefined {
  if (!/^\d{1,19}$/.test(digits)) return undefined;
  if (digits.length <= 15) return Number(digits);
  const exact = BigInt(digits);
  if (exact > largest) return undefined;
  return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}
