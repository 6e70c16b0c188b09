import { request } from 'undici';

export interface RestAnswer<Body> {
  status: number;
  body: Body;
}

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever field it asserts
type Json = any;

/** Calls the REST API of a world as any HTTP client would. */
export class RestClient {
  constructor(private readonly baseUrl: string) {}

  get<Body = Json>(path: string): Promise<RestAnswer<Body>> {
    return this.call('GET', path);
  }

  post<Body = Json>(path: string, body?: unknown): Promise<RestAnswer<Body>> {
    return this.call('POST', path, body);
  }

  patch<Body = Json>(path: string, body: unknown): Promise<RestAnswer<Body>> {
    return this.call('PATCH', path, body);
  }

  delete<Body = Json>(path: string): Promise<RestAnswer<Body>> {
    return this.call('DELETE', path);
  }

  private async call<Body>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<RestAnswer<Body>> {
    const response = await request(new URL(path, this.baseUrl), {
      method,
      headersTimeout: 30_000,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: (text === '' ? undefined : JSON.parse(text)) as Body };
  }
}
