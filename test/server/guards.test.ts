import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'mocha';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { RawSocket } from '../support/rawSocket.ts';
import { Client, complaints, detailOf } from './client.ts';

const CONVERSATIONS = '/api/navi-memory/conversations';
const MEGABYTE = 1024 * 1024;

describe('what the server refuses to take', () => {
  let server: TestServer;
  let client: Client;
  before(async () => {
    server = await startMemoryServer();
    client = new Client(server.address);
  });
  after(() => server.close());

  it('G1: a compressed body, however small it is, before it is read', async () => {
    const bomb = Buffer.from(`{"title":"${' '.repeat(50 * MEGABYTE)}"}`);
    for (const [encoding, body] of [
      ['gzip', gzipSync(bomb)],
      ['br', brotliCompressSync(bomb, { params: { 1: 1 } })],
      ['deflate', deflateSync(bomb)],
      ['gzip, gzip', gzipSync(gzipSync(bomb))],
      ['unknown', Buffer.from('{}')],
    ] as const) {
      const answer = await client.send('POST', CONVERSATIONS, {
        body: new Uint8Array(body),
        headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      });
      assert.equal(answer.status, 415, encoding);
      assert.match(detailOf(answer), /compressed/i);
      assert.equal(answer.headers.get('accept-encoding'), 'identity');
    }
    assert.deepEqual(await client.list(), []);
  });

  it('G1: a body of any type but JSON in UTF-8', async () => {
    for (const [status, type] of [
      [200, 'application/json'],
      [200, 'application/json; charset=utf-8'],
      [200, 'Application/JSON;charset="UTF-8"'],
      [415, 'application/json; charset=utf-16'],
      [415, 'application/json; charset=latin1'],
      [415, 'application/jsonx'],
      [415, 'application/merge-patch+json'],
      [415, 'text/json'],
      [415, 'multipart/form-data; boundary=x'],
      [415, 'x'],
      [415, ''],
    ] as const) {
      const answer = await client.send('POST', CONVERSATIONS, {
        body: new TextEncoder().encode('{}'),
        headers: { 'content-type': type },
      });
      assert.equal(answer.status, status, type);
      if (status !== 200) assert.notEqual(detailOf(answer), '');
    }
  });

  it('G1: a batch above 20 MB or 500 messages; what is just below is stored', async () => {
    const { id } = await client.create();
    const path = `${CONVERSATIONS}/${id}/messages/batch`;
    const message = { role: 'user', content: 'x'.repeat(2 * MEGABYTE - 200) };
    const batch = Array<unknown>(10).fill(message);
    assert.equal((await client.batch(id, batch)).filter(({ status }) => status === 'stored').length, 10);
    const larger = await client.call('POST', path, {
      messages: [...batch, { role: 'user', content: 'y'.repeat(4096) }],
    });
    assert.deepEqual([larger.status, detailOf(larger)], [413, 'The request body is larger than 20 MB.']);
    const more = Array<unknown>(501).fill({ role: 'user', content: '' });
    assert.deepEqual(complaints(await client.call('POST', path, { messages: more })), ['body.messages']);
    assert.equal((await client.full(id)).message_count, 10);
  });

  it('G1: more than 20 MB that come without a length', async () => {
    const socket = await RawSocket.open(server.address);
    socket.write(`POST ${CONVERSATIONS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`);
    socket.write('transfer-encoding: chunked\r\n\r\n');
    const chunk = `${MEGABYTE.toString(16)}\r\n${' '.repeat(MEGABYTE)}\r\n`;
    for (let sent = 0; sent <= 20; sent += 1) socket.write(chunk);
    assert.match(await socket.received(/\r\n\r\n.*\}/), /^HTTP\/1\.1 413 .*larger than 20 MB/s);
    socket.leave();
  });

  it('G1: pages of a billion, and cursors that it never wrote', async () => {
    const { id } = await client.create();
    const hostile = ['1e9', '1000000000', '201', '0', '-1', '1.5', 'NaN', '', '5;drop', '٣', '9'.repeat(400)];
    for (const limit of hostile.map(encodeURIComponent)) {
      for (const [path, place] of [
        [`${CONVERSATIONS}?limit=${limit}`, 'query.limit'],
        [`${CONVERSATIONS}/${id}?message_limit=${limit}`, 'query.message_limit'],
        [`${CONVERSATIONS}/${id}/messages?limit=${limit}`, 'query.limit'],
        [`/api/navi-memory/changes?limit=${limit}`, 'query.limit'],
      ] as const)
        assert.deepEqual(complaints(await client.call('GET', path)), [place], path);
    }
    const cursors = [
      'x',
      '../..',
      "m' or 1=1",
      'm-1',
      `m${'z'.repeat(12)}`,
      '\u0000',
      '.'.repeat(8000),
      '{}',
      'm1&before=m2',
    ];
    for (const cursor of cursors.map(encodeURIComponent)) {
      for (const [path, place] of [
        [`${CONVERSATIONS}/${id}/messages?before=${cursor}`, 'query.before'],
        [`${CONVERSATIONS}/${id}/messages?after=${cursor}`, 'query.after'],
        [`/api/navi-memory/changes?since=${cursor}`, 'query.since'],
        [`/api/navi-memory/events?since=${cursor}`, 'query.since'],
      ] as const)
        assert.deepEqual(complaints(await client.call('GET', path)), [place], path);
    }
    assert.deepEqual(complaints(await client.conversations('GET', '?offset=1e9')), ['query.offset']);
    assert.deepEqual(complaints(await client.conversations('GET', '?limit=1&limit=2')), ['query.limit']);
    assert.deepEqual(await client.list('?offset=1000000000'), []);
  });

  it('G1: odd ids, and what no router should meet', async () => {
    for (const [status, path] of [
      [422, `${CONVERSATIONS}/1`],
      [422, `${CONVERSATIONS}/${encodeURIComponent('../../x')}`],
      [404, `${CONVERSATIONS}/${randomUUID()}`],
      [400, `${CONVERSATIONS}/%zz`],
      [414, `${CONVERSATIONS}/${'a'.repeat(5000)}`],
    ] as const) {
      const answer = await client.call('GET', path);
      assert.equal(answer.status, status, path);
      assert.ok('detail' in (answer.body as object));
    }
  });
});

describe('what takes too long or is no HTTP', function () {
  this.timeout(30_000);
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer({
      NAVI_HEADERS_TIMEOUT_MS: '300',
      NAVI_REQUEST_TIMEOUT_MS: '600',
      NAVI_KEEP_ALIVE_MS: '100',
    });
  });
  after(() => server.close());

  const sent = async (...bytes: readonly string[]) => {
    const socket = await RawSocket.open(server.address);
    for (const piece of bytes) socket.write(piece);
    return await socket.untilClosed();
  };
  const late = { status: 408, body: { detail: 'The request did not arrive in time.' } };

  it('G2: headers, bodies and connections that bring nothing are ended, and others are not held up', async () => {
    const start = `POST ${CONVERSATIONS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const dripping = RawSocket.open(server.address).then(async (socket) => {
      socket.write(start);
      // A header now and then is no progress either.
      const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 50);
      return await socket.untilClosed().finally(() => clearInterval(drip));
    });
    const ended = Promise.all([
      sent(start),
      dripping,
      sent(`${start}content-length: 1000\r\n\r\n`, '{"title":'),
      sent(`${start}transfer-encoding: chunked\r\n\r\n`, '5\r\n{"tit\r\n'),
      sent(''),
    ]);
    const client = new Client(server.address);
    assert.equal((await client.create({ title: 'meanwhile' })).title, 'meanwhile');
    const [headers, drips, body, chunks, silence] = await ended;
    for (const answer of [headers, drips, body, chunks, silence]) assert.deepEqual(answer, late);
    assert.equal((await client.list()).length, 1);
  });

  it('G2: a connection that fell idle is ended', async () => {
    const { status } = await sent('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    assert.equal(status, 200);
  });

  it('G2: headers above 16 KB are 431, and noise is 400, both in words', async () => {
    const big = await sent(`GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(17 * 1024)}\r\n\r\n`);
    assert.deepEqual(big, { status: 431, body: { detail: 'The request headers are larger than 16 KB.' } });
    for (const noise of [
      '\x16\x03\x01\x02\x00\x01\x00',
      'EHLO there\r\n\r\n',
      'GET / HTTP/1.1\r\nhost\r\n\r\n',
    ])
      assert.deepEqual(await sent(noise), {
        status: 400,
        body: { detail: 'The request is not valid HTTP.' },
      });
    const smuggled =
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.equal((await sent(smuggled)).status, 400);
  });
});
