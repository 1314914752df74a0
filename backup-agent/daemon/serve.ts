import { hash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics/metrics.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<Metrics, 'contentType' | 'render'>;
  /** The status page. */
  readonly statusPage: () => Promise<string>;
  /** Whether the daemon takes new runs. */
  readonly ready: () => boolean;
  /** Asked for metrics and page, where given. */
  readonly token?: () => Promise<string>;
  /** PEM; HTTP without it. */
  readonly tls?: () => Promise<TlsFiles>;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Server extends AsyncDisposable {
  readonly url: string;
  /** Reads certificate and key anew; throws when they do not fit, and keeps the former ones. */
  renew(): Promise<void>;
}

/** Answers `/metrics`, `/status`, `/healthz` and `/readyz`, and nothing else; ends when disposed. */
export async function serve(options: ServeOptions): Promise<Server> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, options).catch(() => fail(response));
  };
  const { tls, host, port } = options;
  const secure = tls ? createTlsServer(await tls(), listener) : undefined;
  const server = secure ?? createServer(listener);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo; // a TCP server has one
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `${secure ? 'https' : 'http'}://${shownHost}:${address.port}`,
    async renew() {
      if (secure && tls) secure.setSecureContext(await tls());
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, statusPage, ready, token }: ServeOptions,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const path = request.url?.split('?')[0];
  if (path === '/healthz') response.end('alive\n');
  else if (path === '/readyz') response.writeHead(ready() ? 200 : 503).end();
  else if (path !== '/metrics' && path !== '/status') response.writeHead(404).end();
  else if (token && !isAllowed(request.headers.authorization, await token()))
    response.writeHead(401, { 'www-authenticate': ['Basic realm="holdfast"', 'Bearer'] }).end();
  else if (path === '/metrics')
    response.setHeader('content-type', metrics.contentType).end(await metrics.render());
  else {
    const page = await statusPage();
    response.writeHead(200, pageHeaders).end(page);
  }
}

/** The page's own policy forbids scripts and requests; these forbid framing and keeping. */
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500).end();
}

/** `Bearer <token>`, or `Basic` with the token as password, which browsers can ask for. */
function isAllowed(header: string | undefined, token: string): boolean {
  const [scheme = '', credentials = ''] = (header ?? '').split(' ');
  const basic = () =>
    Buffer.from(credentials, 'base64')
      .toString()
      .replace(/^[^:]*:/, '');
  const given = scheme.toLowerCase() === 'basic' ? basic() : credentials;
  // Digests are of one length, so that the comparison tells nothing of the token.
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(given), digest(token));
}
