import type { Clock } from '../model/ids.ts';
import type { ListFilter } from '../protocol/organise.ts';
import type { ListQuery } from '../store/store.ts';

/** What the panel knows of the window around it. */
export interface Surroundings {
  readonly now: Clock;
  /** True while the panel can be seen and its window has the focus. */
  readonly isSeen: () => boolean;
  /** The ids of this window's workspaces; undefined without a folder, and before they are known. */
  readonly workspaceIds: () => readonly string[] | undefined;
  /** The list is narrowed to this window's workspaces: what belongs to them and is filed elsewhere is missed now. */
  readonly onNarrowed?: () => void;
  /** A number on the view's icon; 0 for none. */
  readonly showUnread: (count: number) => void;
}

const DAY_MS = 24 * 60 * 60_000;

/** What of the filter can be applied in this window. */
export function applicable(
  { thisWorkspace, ...rest }: ListFilter,
  workspaceIds: readonly string[] | undefined,
): ListFilter {
  return thisWorkspace === undefined || workspaceIds === undefined ? rest : { ...rest, thisWorkspace };
}

/** The filter as the store is asked. `days: 1` is today by this machine's clock and time zone. */
export function conditionsOf(
  filter: ListFilter,
  workspaceIds: readonly string[] | undefined,
  now: number,
): Pick<ListQuery, 'workspaceIds' | 'unreadOnly' | 'tag' | 'from'> {
  const { thisWorkspace, unreadOnly, days, tag } = applicable(filter, workspaceIds);
  return {
    ...(thisWorkspace && workspaceIds && { workspaceIds }),
    ...(unreadOnly && { unreadOnly }),
    ...(tag !== undefined && { tag }),
    ...(days !== undefined && {
      from: days === 1 ? new Date(now).setHours(0, 0, 0, 0) : now - days * DAY_MS,
    }),
  };
}
