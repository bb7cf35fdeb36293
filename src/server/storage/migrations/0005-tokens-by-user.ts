import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** All tokens of a user, to be exported or removed with everything else of his. */
export const tokensByUser: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createIndex('navi_tokens_by_user')
      .on('navi_tokens')
      .columns(['user_id', 'org_id'])
      .execute();
  },
};
