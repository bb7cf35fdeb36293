import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createLogger } from '../../src/server/log.ts';
import { startMemoryServer } from '../support/memoryServer.ts';
import { Client } from './client.ts';

const SECRET = 'words-of-a-conversation';

describe('the log of the server', () => {
  it('I11: names routes, not what was asked or said, whatever goes right or wrong', async () => {
    const lines: string[] = [];
    const server = await startMemoryServer(
      { NAVI_LOG_LEVEL: 'debug', NAVI_DEV_TOKEN: `token-${SECRET}` },
      { log: { write: (line) => void lines.push(line) } },
    );
    const headers = { authorization: `Bearer token-${SECRET}` };
    const client = new Client(server.address, headers);
    const { id } = await client.create({ title: SECRET, workspace_path: SECRET });
    await client.append(id, SECRET, { metadata: { [SECRET]: SECRET } });
    await client.conversations('POST', `/${id}/messages`, { role: SECRET });
    await client.send('POST', '/api/navi-memory/conversations', {
      body: `{"${SECRET}`,
      headers: { 'content-type': 'application/json' },
    });
    await client.call('GET', `/${SECRET}?q=${SECRET}`);
    await client.call('GET', `/api/navi-memory/conversations/${SECRET}`);
    await new Client(server.address, { authorization: `Bearer ${SECRET}` }).conversations('GET');
    await server.close();
    assert.ok(lines.length >= 6);
    assert.ok(lines.some((line) => line.includes('"route":"/api/navi-memory/conversations/:id/messages"')));
    assert.deepEqual(
      lines.filter((line) => line.includes(SECRET)),
      [],
    );
  });

  it('I11: describes an error by its kind and place, and its causes too, without their texts', () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => void lines.push(line) });
    const cause = Object.assign(new RangeError(SECRET), { code: 'XX000', detail: SECRET });
    logger.error({ err: new Error(`${SECRET}\n    ${SECRET}`, { cause }) }, 'failed');
    logger.error({ err: SECRET }, 'failed');
    assert.ok(lines.every((line) => !line.includes(SECRET)));
    assert.match(lines[0] ?? '', /"type":"Error".*log\.test\.ts.*"type":"RangeError","code":"XX000"/);
  });
});
