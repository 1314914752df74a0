import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { serve, type ServeOptions } from '../../backup-agent/daemon/serve.ts';
import { needing } from '../support/programs.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const usual: ServeOptions = {
  host: '127.0.0.1',
  port: 0,
  metrics: { contentType: 'text/plain; version=0.0.4', render: async () => 'holdfast_running 1\n' },
  statusPage: async () => '<!doctype html><title>Backup status</title>',
  ready: () => true,
};

describe('the daemon answers', () => {
  test('health, readiness, metrics and the page, and nothing else', async () => {
    let ready = true;
    await using server = await serve({ ...usual, ready: () => ready });
    const status = async (path: string, method = 'GET') =>
      (await fetch(server.url + path, { method })).status;
    assert.equal(await status('/healthz'), 200);
    assert.equal(await status('/readyz'), 200);
    assert.equal(await status('/metrics?x=1'), 200);
    assert.equal(await status('/metrics', 'POST'), 405);
    assert.equal(await status('/'), 404);
    const page = await fetch(`${server.url}/status`);
    assert.match(await page.text(), /Backup status/);
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
    ready = false;
    assert.equal(await status('/readyz'), 503);
    assert.equal(await status('/healthz'), 200);
  });

  test('metrics and page only to who has the token, health to everyone', async () => {
    let token = 'correct horse';
    await using server = await serve({ ...usual, token: async () => token });
    const status = async (path: string, authorization?: string) =>
      (await fetch(server.url + path, { headers: authorization ? { authorization } : {} })).status;
    const basic = (password: string) =>
      `Basic ${Buffer.from(`any:${password}`).toString('base64')}`;
    for (const path of ['/metrics', '/status']) {
      assert.equal(await status(path), 401);
      assert.equal(await status(path, 'Bearer wrong'), 401);
      assert.equal(await status(path, basic('wrong')), 401);
      assert.equal(await status(path, `Bearer ${Buffer.from(token).toString('base64')}`), 401);
      assert.equal(await status(path, basic(token)), 200);
    }
    token = 'renewed';
    assert.equal(await status('/metrics', 'Bearer renewed'), 200);
    assert.equal(await status('/healthz'), 200);
  });

  test('500 when the page cannot be made, and lives on', async () => {
    await using server = await serve({
      ...usual,
      statusPage: async () => {
        throw new Error('no repository');
      },
    });
    assert.equal((await fetch(`${server.url}/status`)).status, 500);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });

  test(
    'over TLS with the certificate that lies there, and its successor',
    needing('openssl'),
    async () => {
      await using directory = await temporaryDirectory();
      const files = {
        cert: join(directory.path, 'cert.pem'),
        key: join(directory.path, 'key.pem'),
      };
      const make = async () => {
        const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
        const made = ['-keyout', files.key, '-out', files.cert];
        const kind = ['-x509', '-newkey', 'ed25519', '-nodes', '-days', '2'];
        await execa('openssl', ['req', ...kind, ...subject, ...made]);
        return await readFile(files.cert, 'utf8');
      };
      const tls = async () => ({
        cert: await readFile(files.cert, 'utf8'),
        key: await readFile(files.key, 'utf8'),
      });
      const ask = async (url: string, ca: string) => {
        const [response] = await once(get(`${url}/metrics`, { ca, agent: false }), 'response');
        return await text(response);
      };
      const first = await make();
      await using server = await serve({ ...usual, tls });
      assert.match(server.url, /^https:/);
      assert.equal(await ask(server.url, first), 'holdfast_running 1\n');
      const second = await make();
      await server.renew();
      assert.equal(await ask(server.url, second), 'holdfast_running 1\n');
      await assert.rejects(ask(server.url, first));
    },
  );
});
