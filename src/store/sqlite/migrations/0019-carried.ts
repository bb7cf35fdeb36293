import type { Migration } from './migration.ts';

/**
 * What the last request for a row of the outbox carried beside its client id, so that one that is sent again is the same:
 * the hashes of attachments' contents, as JSON. NULL: it carried no client id, and may only be sent again after a reading.
 */
export const carried: Migration = {
  version: 19,
  sql: `ALTER TABLE outbox ADD COLUMN carried TEXT CHECK (carried IS NULL OR json_valid(carried));`,
};
