import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '#libs/config';

/** What a request says about its caller: no key at all, one that is not ours, or ours with its name. */
export type Claim =
  { readonly kind: 'none' } | { readonly kind: 'wrong' } | { readonly kind: 'known'; readonly name: string };

const NONE: Claim = { kind: 'none' };
const WRONG: Claim = { kind: 'wrong' };

/** The keys of those who may ask. */
export class KeyRing {
  private readonly known: readonly { readonly digest: Buffer; readonly claim: Claim }[];

  constructor(keys: readonly ApiKey[]) {
    this.known = keys.map(({ name, key }) => ({ digest: digest(key), claim: { kind: 'known', name } }));
  }

  /** Without keys only this machine may ask. */
  get isEmpty(): boolean {
    return this.known.length === 0;
  }

  /** Judges an `Authorization` header. The time taken tells nothing: digests are compared, and always all of them. */
  judge(authorization: string | undefined): Claim {
    const [, key] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (key === undefined) return NONE;
    const given = digest(key);
    return this.known.reduce((found, one) => (timingSafeEqual(one.digest, given) ? one.claim : found), WRONG);
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
