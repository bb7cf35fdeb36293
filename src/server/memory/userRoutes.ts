/** What a user takes along, and what a user takes back: all of it. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Clock } from '../../model/ids.ts';
import type { DeletedUser } from '../../protocol/abilities.ts';
import { recordsOf } from '../archive/read.ts';
import { archiveText } from '../archive/write.ts';
import { keyOf } from '../events/announcer.ts';
import type { OpenStreams } from '../guard/openStreams.ts';
import { unprocessable } from '../http/errors.ts';
import { ownerOf } from '../http/identity.ts';
import type { ZodTypeProvider } from '../http/validation.ts';
import type { Repository } from '../storage/repository.ts';
import type { OpenSnapshot } from '../storage/snapshots.ts';
import { paced } from './paced.ts';
import { deleteUserBody } from './requests.ts';

export interface UserParts {
  readonly repository: Pick<Repository, 'deleteUser'>;
  readonly clock: Clock;
  readonly openSnapshot: OpenSnapshot;
  readonly streams: OpenStreams;
}

export function addUserRoutes(server: FastifyInstance, parts: UserParts): void {
  const { repository, clock, openSnapshot, streams } = parts;
  const app = server.withTypeProvider<ZodTypeProvider>();
  const open = new Set<FastifyReply>();
  server.addHook('preClose', (done) => {
    for (const reply of open) reply.raw.destroy();
    done();
  });

  app.get('/api/navi-memory/export', async (request, reply) => {
    const owner = ownerOf(request);
    const release = streams.claim(keyOf(owner));
    open.add(reply);
    whenClosed(reply, () => {
      open.delete(reply);
      release();
    });
    const snapshot = await openSnapshot({ isPatient: false });
    whenClosed(reply, () => {
      snapshot.close().catch((error: unknown) => request.log.warn({ err: error }, 'export not closed'));
    });
    const records = recordsOf(snapshot, owner, 'names');
    const text = archiveText(records, { scope: 'user', madeAt: Math.floor(clock()) * 1000 });
    return await reply
      .headers({
        'content-type': 'application/x-ndjson; charset=utf-8',
        'content-disposition': 'attachment; filename="navi-export.ndjson"',
        'cache-control': 'no-store',
      })
      .send(
        Readable.from(
          paced(text, () => reply.raw.destroy()),
          { objectMode: false },
        ),
      );
  });

  app.delete(
    '/api/navi-memory/user',
    { schema: { body: deleteUserBody } },
    async (request): Promise<DeletedUser> => {
      const owner = ownerOf(request);
      if (request.body.confirm !== owner.userId)
        throw unprocessable(
          'must be the id of the user of this token, as an export names it',
          'body',
          'confirm',
        );
      return { message: 'User deleted', deleted: await repository.deleteUser(owner) };
    },
  );
}

/** After an answer, whole or not, or at once when the client has left already. */
function whenClosed({ raw }: FastifyReply, end: () => void): void {
  if (raw.closed) end();
  else raw.once('close', end);
}
