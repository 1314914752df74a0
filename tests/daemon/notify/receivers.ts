import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server on a free port that keeps what it receives; `answer` decides how it behaves. */
export async function startHttp(answer: RequestListener = (_, response) => response.end('ok')) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has one
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An endpoint of SNS that takes every message. */
export function startSns() {
  const answer =
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';
  return startHttp((_, response) =>
    response.writeHead(200, { 'content-type': 'text/xml' }).end(answer),
  );
}

/** The text of a mail in one part, whichever transfer encoding it came in (RFC 2045). */
export function mailText(mail: string): string {
  const encoded = mail.split('\r\n\r\n')[1] ?? '';
  if (mail.includes('base64')) return Buffer.from(encoded, 'base64').toString();
  const bytes = encoded
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString();
}

/** An SMTP server of RFC 5321's least: takes one message a connection and keeps its text. */
export async function startSmtp() {
  const mails: string[] = [];
  const server = createTcpServer((socket) => {
    let inData = false;
    let buffered = '';
    socket.write('220 test ESMTP\r\n');
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      buffered += chunk;
      if (inData) {
        if (!buffered.includes('\r\n.\r\n')) return;
        mails.push(buffered);
        inData = false;
        buffered = '';
        socket.write('250 taken\r\n');
        return;
      }
      for (let end = buffered.indexOf('\r\n'); end >= 0; end = buffered.indexOf('\r\n')) {
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        inData = line === 'DATA';
        if (line === 'STARTTLS') socket.write('502 cannot\r\n');
        else socket.write(inData ? '354 go on\r\n' : '250 ok\r\n');
        if (line === 'QUIT') socket.end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // a TCP server has one
    mails,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
