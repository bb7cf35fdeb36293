/** Which conversations of other workspaces may belong to this window's, and why. Pure but for the look at folders. */
import { likeness, type Likeness } from '../model/workspace.ts';
import type { Notice } from '../protocol/panel.ts';
import type { CurrentWorkspace, KnownWorkspace, WorkspaceGroup } from '../store/organise.ts';

/** `probable`: worth doing without a second look. `possible`: something speaks for it. */
export type Strength = 'probable' | 'possible' | 'none';

export interface Candidate {
  /** Absent: conversations of no workspace. */
  readonly workspace?: KnownWorkspace;
  readonly conversationIds: readonly string[];
  /** Milliseconds since the epoch. */
  readonly lastUsedAt: number;
  readonly strength: Strength;
  readonly match?: Likeness;
  /** None of its folders is there any more; undefined when that cannot be told. */
  readonly isGone?: boolean;
}

/** True when there is no such folder on this machine; undefined when that cannot be told. */
export type IsGone = (folderKey: string) => Promise<boolean | undefined>;

const ORDER: readonly Strength[] = ['probable', 'possible', 'none'];

/**
 * Every group that does not belong here yet, nothing left out: the probable ones first, then by their last use. Without
 * a workspace in this window: every group that has one.
 */
export async function candidatesFor(
  here: CurrentWorkspace | undefined,
  groups: readonly WorkspaceGroup[],
  isGone: IsGone,
): Promise<readonly Candidate[]> {
  const others = groups.filter(({ workspace }) =>
    here === undefined ? workspace !== undefined : !here.relatedIds.includes(workspace?.id ?? ''),
  );
  const candidates = await Promise.all(others.map((group) => toCandidate(here, group, isGone)));
  return candidates.sort(
    (a, b) => ORDER.indexOf(a.strength) - ORDER.indexOf(b.strength) || b.lastUsedAt - a.lastUsedAt,
  );
}

async function toCandidate(
  here: CurrentWorkspace | undefined,
  group: WorkspaceGroup,
  isGone: IsGone,
): Promise<Candidate> {
  const { workspace } = group;
  if (workspace === undefined) return { ...group, strength: 'possible' };
  const match = here && likeness(workspace.evidence, here.evidence);
  const gone = await areAllGone(workspace, isGone);
  return {
    ...group,
    strength: here === undefined ? 'none' : strengthOf(match, gone, workspace.lastSeenAt === undefined),
    ...(match === undefined ? {} : { match }),
    ...(gone === undefined ? {} : { isGone: gone }),
  };
}

/** Folders of another machine are not looked for on this one. */
async function areAllGone(
  { evidence, lastSeenAt }: KnownWorkspace,
  isGone: IsGone,
): Promise<boolean | undefined> {
  if (lastSeenAt === undefined) return undefined;
  const gone = await Promise.all(evidence.folders.map(({ key }) => isGone(key)));
  if (gone.includes(false)) return false;
  return gone.includes(undefined) ? undefined : true;
}

/** A name alone says little while the folder of that name is still in its place. */
function strengthOf(
  match: Likeness | undefined,
  isGone: boolean | undefined,
  isOfAnotherMachine: boolean,
): Strength {
  switch (match) {
    case 'folder':
    case 'remote':
    case 'history':
      return 'probable';
    case 'root':
      return isGone === true ? 'probable' : 'possible';
    case 'name':
      return isGone === true || isOfAnotherMachine ? 'probable' : 'possible';
    case 'inside':
      return 'possible';
    case undefined:
      return isGone === true ? 'possible' : 'none';
  }
}

/** What speaks for it and against it, and where it was. */
export function evidenceWords(
  { workspace, match, isGone: gone }: Candidate,
  t: (message: string) => string,
): string {
  if (workspace === undefined) return t('Written in a window without a folder, or filed under none.');
  const reasons = {
    folder: t('The same folder.'),
    remote: t('The same git remote.'),
    history: t('The same name, and a repository that began with the same commit.'),
    root: t('A repository that began with the same commit.'),
    inside: t('One folder lies in the other.'),
    name: t('The same name.'),
  };
  const isOfAnotherMachine = workspace.lastSeenAt === undefined;
  const place = workspace.evidence.folders.map(({ key }) => key.replace(/^file:\/\//, '')).join(', ');
  const words = [
    match && reasons[match],
    isOfAnotherMachine ? t('From another machine.') : undefined,
    gone === true ? t('Its folder is gone.') : gone === false ? t('Its folder is still there.') : undefined,
  ].filter((said) => said !== undefined);
  return [...words, place].join(' ');
}

export const REATTACH_NOTICE = 'reattach';
/** Pairs of workspaces that are remembered as told. */
const MOST_TOLD = 200;

export interface ReattachNews {
  readonly notice?: Notice;
  /** Pairs of workspaces of which the user was told. */
  readonly told: readonly string[];
}

/** Tells of probable candidates, each once for a workspace. */
export function newsOf(
  here: CurrentWorkspace,
  candidates: readonly Candidate[],
  told: readonly string[],
): ReattachNews {
  const probable = candidates.filter(({ strength }) => strength === 'probable');
  const pairs = probable.map(({ workspace }) => `${here.id} ${workspace?.id ?? ''}`);
  const fresh = pairs.filter((pair) => !told.includes(pair));
  if (fresh.length === 0) return { told };
  const count = probable.reduce((sum, { conversationIds }) => sum + conversationIds.length, 0);
  const what =
    count === 1 ? '1 conversation of another workspace' : `${count} conversations of other workspaces`;
  return {
    told: [...told, ...fresh].slice(-MOST_TOLD),
    notice: {
      id: REATTACH_NOTICE,
      severity: 'info',
      text: `${what} may belong to this one, which has the same name or the same repository. Nothing is lost: without the filter the list shows all.`,
      action: { label: 'Reattach', intent: { type: 'runCommand', command: 'reattach' } },
    },
  };
}
