/** What in our own settings keeps every request from the provider, however long one waits. */
export type Misaddressed = 'host name' | 'certificate' | 'scheme';

export interface Misaddress {
  readonly misaddressed: Misaddressed;
  /** What to do about it, for people. */
  readonly advice: string;
}

/** The environment variable in which Node looks for certificates of further CAs; read when a process starts. */
const MORE_CAS = 'NODE_EXTRA_CA_CERTS';

const HOST_NAME: Misaddress = {
  misaddressed: 'host name',
  advice: 'no such host name: correct it in the provider URL, or in the name service',
};

const OTHER_NAME: Misaddress = {
  misaddressed: 'certificate',
  advice: 'the certificate is for other names: use one of these names in the provider URL',
};

const UNKNOWN_ISSUER: Misaddress = {
  misaddressed: 'certificate',
  advice: `an unknown authority has signed the certificate: set ${MORE_CAS} to a file with its CA`,
};

const OUT_OF_DATE: Misaddress = {
  misaddressed: 'certificate',
  advice: "the certificate is not valid today: have it renewed, and check this machine's clock",
};

const OTHER_CERTIFICATE: Misaddress = {
  misaddressed: 'certificate',
  advice: `the certificate is not valid: have it replaced, or set ${MORE_CAS} to a file with its CA`,
};

const NO_TLS: Misaddress = {
  misaddressed: 'scheme',
  advice: 'the port does not speak TLS: the provider URL needs http:// or another port',
};

export const SPEAKS_TLS: Misaddress = {
  misaddressed: 'scheme',
  advice: 'the port speaks TLS: the provider URL needs https:// or another port',
};

/**
 * By error codes: of getaddrinfo as libuv names them (EAI_NONAME is ENOTFOUND; EAI_AGAIN is the name server's
 * trouble, and passes), of Node's check of names, and of OpenSSL's verification and record layer.
 */
const BY_CODE: ReadonlyMap<string, Misaddress> = new Map([
  ['ENOTFOUND', HOST_NAME],
  ['EAI_NONAME', HOST_NAME],
  ['ERR_TLS_CERT_ALTNAME_INVALID', OTHER_NAME],
  ['HOSTNAME_MISMATCH', OTHER_NAME],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_ISSUER],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_ISSUER],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_ISSUER],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_ISSUER],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_ISSUER],
  ['CERT_HAS_EXPIRED', OUT_OF_DATE],
  ['CERT_NOT_YET_VALID', OUT_OF_DATE],
  ['CERT_CHAIN_TOO_LONG', OTHER_CERTIFICATE],
  ['CERT_REJECTED', OTHER_CERTIFICATE],
  ['CERT_REVOKED', OTHER_CERTIFICATE],
  ['CERT_SIGNATURE_FAILURE', OTHER_CERTIFICATE],
  ['CERT_UNTRUSTED', OTHER_CERTIFICATE],
  ['INVALID_CA', OTHER_CERTIFICATE],
  ['INVALID_PURPOSE', OTHER_CERTIFICATE],
  ['PATH_LENGTH_EXCEEDED', OTHER_CERTIFICATE],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NO_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NO_TLS],
  ['ERR_SSL_HTTP_REQUEST', NO_TLS],
]);

/** What is wrong with our side if a connection could not be made because of `cause`, if anything is. */
export function misaddressOf(cause: unknown): Misaddress | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return BY_CODE.get(openSslCodeOf(cause) ?? String(cause.code));
}

/**
 * Node's `https` calls what OpenSSL says while the handshake is written `EPROTO`, and has OpenSSL's words in the
 * message alone: `…:SSL routines:tls_get_more_records:packet length too long:…`.
 */
function openSslCodeOf({ code, message }: Error & { code: unknown }): string | undefined {
  const [, words] = /:SSL routines:[^:]*:([^:]+):/.exec(code === 'EPROTO' ? message : '') ?? [];
  return words && `ERR_SSL_${words.toUpperCase().replaceAll(' ', '_')}`;
}

const TLS_ALERT = '\u0015\u0003';

/** What web servers say to plain HTTP on a TLS port: nginx and load balancers, Apache, Go's (Caddy, Traefik). */
const TOLD_TO_USE_TLS =
  /plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|sent an HTTP request to an HTTPS server/i;

/** What is wrong if a plain request was answered 400 with this body. */
export function misaddressOfAnswer(body: string | undefined): Misaddress | undefined {
  return body !== undefined && TOLD_TO_USE_TLS.test(body) ? SPEAKS_TLS : undefined;
}

/**
 * What is wrong if a plain request's answer could not be read because of `cause`: a TLS alert (RFC 8446 §6: type 21,
 * then the version), as Java's and Rust's servers send it. undici has the bytes as `data`, Node as `rawPacket`.
 */
export function misaddressOfNoHttp(cause: unknown): Misaddress | undefined {
  if (!(cause instanceof Error)) return undefined;
  const bytes = 'data' in cause ? cause.data : 'rawPacket' in cause ? cause.rawPacket : '';
  return String(bytes).startsWith(TLS_ALERT) ? SPEAKS_TLS : undefined;
}

/** What to do about a request through axios that failed because of our own settings; undefined if it did not. */
export function adviceOn(error: unknown): string | undefined {
  return (misaddressOf(error) ?? misaddressOfNoHttp(Object(error).cause))?.advice;
}
