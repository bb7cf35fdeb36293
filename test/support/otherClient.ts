import assert from 'node:assert/strict';

export type Ask = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** Another client of the memory server at this address, which knows nothing of NAVI's notes; `path` begins behind `/api/navi-memory`. */
export function otherClient(address: string, orgId: string): Ask {
  return async (method, path, body) => {
    const response = await fetch(`${address}/api/navi-memory${path}`, {
      method,
      headers: { 'x-org-id': orgId, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    assert.equal(response.status, 200, `${method} ${path}`);
    return (await response.json()) as unknown;
  };
}
