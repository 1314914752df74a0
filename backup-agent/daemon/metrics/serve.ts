import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Whether the daemon takes new runs. */
  readonly ready: () => boolean;
}

/** Answers `/metrics`, `/healthz` and `/readyz`, and nothing else; ends when disposed. */
export async function serveMetrics({
  host,
  port,
  metrics,
  ready,
}: ServeOptions): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const path = request.url?.split('?')[0];
    if (path === '/metrics')
      response.setHeader('content-type', metrics.contentType).end(await metrics.render());
    else if (path === '/healthz') response.end('alive\n');
    else if (path === '/readyz') response.writeHead(ready() ? 200 : 503).end();
    else response.writeHead(404).end();
  };
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo; // a TCP server has one
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shownHost}:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
