import { isUuid } from './ids.ts';
import type { JsonObject } from './json.ts';

/** How a message stands to an earlier one of its conversation; kept in `metadata.navi` and synced with the message. */
export interface Links {
  /** It goes on where the reply of this id broke off. */
  readonly continues?: string;
  /** It stands in the place of the message of this id and of all that followed that one. */
  readonly replaces?: string;
  /** It takes back what the message of this id replaced or restored. Never shown itself. */
  readonly restores?: string;
}

const KINDS = ['continues', 'replaces', 'restores'] as const satisfies readonly (keyof Links)[];

/** The links in a message's metadata; what is no id of ours is no link. */
export function linksOf(metadata: JsonObject): Links {
  const note = metadata['navi'];
  if (typeof note !== 'object' || note === null || Array.isArray(note)) return {};
  const fields = note as JsonObject;
  return Object.fromEntries(
    KINDS.flatMap((kind) => {
      const id = fields[kind];
      return typeof id === 'string' && isUuid(id) ? [[kind, id]] : [];
    }),
  );
}

/** Metadata that says only how a message stands to others. */
export function linkMetadata(links: Links): JsonObject {
  return Object.keys(links).length === 0 ? {} : { navi: { ...links } };
}
