/** What a user does in a window. */
import assert from 'node:assert/strict';
import type { Activity } from '../../src/model/activity.ts';
import { linkMetadata, type Links } from '../../src/model/links.ts';
import type { MessageStatus } from '../../src/model/message.ts';
import type { OrganiseChange } from '../../src/store/organise.ts';
import type { ReplyKind } from '../../src/store/replies.ts';
import { compareSearch } from './compare.ts';
import { shown, wellFormed, type Expected, type History, type Said, type Talk } from './history.ts';
import type { Player, Step } from './player.ts';
import type { Window } from './world.ts';

export type Play = (player: Player, window: Window, step: Step) => void;

const MOST_TALKS = 5;

export const userSteps = {
  create: (player, window, { n }) => {
    const isNew = player.ids.length < MOST_TALKS;
    const id = isNew ? player.newId() : player.id(n);
    player.act(
      window,
      (store) => store.create({ id }),
      (history) => history.create(id, player.now),
    );
    // Also when it was cut: the next step that names it finds it, or is refused.
    if (isNew) player.ids.push(id);
    player.touch(id);
  },
  say: (player, window, { talk, n }) =>
    append(player, window, player.id(talk), player.newId(), player.newText(n)),
  type: (player, window, { talk, n }) => {
    const draft = { messageId: player.newId(), text: n % 5 === 0 ? '' : player.newText() };
    saveDraft(player, window, player.id(talk), draft);
  },
  'send draft': (player, window, { talk }) => {
    const draft = player.talk(talk)?.draft;
    if (draft === undefined || draft.text === '') return;
    append(player, window, player.id(talk), draft.messageId, draft.text);
    // The other window saves what it still shows a little later.
    if (player.history.message(draft.messageId) !== undefined)
      saveDraft(player, player.window(1), player.id(talk), draft);
  },
  'send again': (player, window, { talk, n }) => {
    const said = pick(
      player.talk(talk)?.said.filter(({ role }) => role === 'user'),
      n,
    );
    if (said !== undefined) append(player, window, player.id(talk), said.id, said.text, said.links);
  },
  'send other words under its id': (player, window, { talk, n }) => {
    const said = pick(player.talk(talk)?.said, n);
    if (said?.role === 'user') append(player, window, player.id(talk), said.id, 'other words');
  },
  answer: (player, window, step) => beginReply(player, window, step, 'answer'),
  continue: (player, window, step) => beginReply(player, window, step, 'continue'),
  retry: (player, window, step) => beginReply(player, window, step, 'retry'),
  extend: (player, window, { n }) => {
    const said = reply(player, n);
    if (said === undefined) return;
    const text = n % 3 === 0 ? '' : `${player.newText(n)} `;
    const label = n % 3 === 1 ? undefined : player.newText();
    const activities: Activity[] =
      label === undefined
        ? []
        : [{ id: `step-${n % 2}`, kind: 'read', label, status: n % 2 === 0 ? 'running' : 'done' }];
    player.act(
      window,
      (store) => store.extend(said.id, { text, activities }),
      (history) => history.extend(said.id, text, activities),
    );
    touchOf(player, said.id);
  },
  settle: (player, window, { n }) => {
    const said = reply(player, n);
    const status = pick<Exclude<MessageStatus, 'streaming'>>(
      ['complete', 'complete', 'interrupted', 'failed'],
      n,
    );
    if (said === undefined || status === undefined) return;
    touchOf(player, said.id);
    player.act(
      window,
      (store) => store.settle(said.id, status),
      (history) => history.settle(said.id, status),
    );
  },
  edit: (player, window, { talk: index, n }) => {
    const talk = player.talk(index);
    if (talk === undefined) return;
    const target = pick(
      shown(talk).filter(({ role }) => role === 'user'),
      n,
    );
    const replaces = talk.edit?.replaces ?? target?.id;
    if (replaces === undefined) return;
    append(player, window, talk.id, talk.edit?.messageId ?? player.newId(), player.newText(n), { replaces });
  },
  'take an edit back': (player, window, { talk, n }) => {
    const marks = player
      .talk(talk)
      ?.said.filter(({ links }) => (links.replaces ?? links.restores) !== undefined);
    const mark = pick(marks, n);
    if (mark !== undefined)
      append(player, window, player.id(talk), player.newId(), '', { restores: mark.id });
  },
  'type an edit': (player, window, { talk: index, n }) => {
    const talk = player.talk(index);
    const target = talk && pick(shown(talk), n);
    if (target === undefined) return;
    const edit = { replaces: target.id, messageId: player.newId(), text: player.newText() };
    const id = player.id(index);
    player.act(
      window,
      (store) => store.saveEdit(id, edit),
      (history) => {
        const kept = history.talk(id);
        if (kept !== undefined && history.message(edit.messageId) === undefined) kept.edit = edit;
        return history.refusal(id);
      },
    );
    player.touch(id);
  },
  'drop the edit': (player, window, { talk }) => {
    const edit = player.talk(talk)?.edit;
    if (edit === undefined) return;
    const id = player.id(talk);
    player.act(
      window,
      (store) => store.dropEdit(id, edit.messageId),
      (history) => {
        const kept = history.talk(id);
        if (kept?.edit?.messageId === edit.messageId) kept.edit = undefined;
        return undefined;
      },
    );
    player.touch(id);
  },
  rename: (player, window, { talk, n }) => {
    const title = n % 4 === 0 ? '' : player.newText();
    change(player, window, talk, { title }, (kept, history) => history.rename(kept, title));
  },
  star: (player, window, { talk }) => {
    const isStarred = player.talk(talk)?.isStarred !== true;
    change(player, window, talk, { isStarred }, (kept) => (kept.isStarred = isStarred));
  },
  pin: (player, window, { talk }) => {
    const isPinned = player.talk(talk)?.isPinned !== true;
    change(player, window, talk, { isPinned }, (kept) => (kept.isPinned = isPinned));
  },
  archive: (player, window, { talk, n }) => {
    const status = n % 2 === 0 ? 'archived' : 'active';
    change(player, window, talk, { status }, (kept, history) => history.setStatus(kept, status, player.now));
  },
  organise: (player, window, { talk, n }) => {
    const tag = `tag-${n % 3}`;
    const changes: readonly OrganiseChange[] = [
      { addTags: [tag] },
      { removeTags: [tag] },
      { isUnread: true },
      { isUnread: false },
      { isStarred: true, addTags: [tag] },
      { tags: [] },
    ];
    const change = pick(changes, n) ?? {};
    organise(
      player,
      window,
      [...new Set([player.id(talk), player.id(n)])].map((id) => ({ id, change })),
    );
  },
  'undo organising': (player, window) => organise(player, window, player.undo),
  'look for a word': (player, window, { n }) => {
    const word = pick(player.words, n);
    if (word !== undefined) compareSearch(window.store, player.history, word);
  },
  'index some': (_player, window) => {
    window.store.indexSome();
  },
} satisfies Record<string, Play>;

export function pick<T>(from: readonly T[] | undefined, n: number): T | undefined {
  return from === undefined || from.length === 0 ? undefined : from[n % from.length];
}

/** Mostly one that is still open. */
function reply(player: Player, n: number): Said | undefined {
  const replies = player.history.talks.flatMap(({ said }) => said).filter(({ role }) => role === 'assistant');
  const open = replies.filter(({ owner }) => owner !== undefined);
  return pick(open.length === 0 || n % 8 === 7 ? replies : open, n);
}

function touchOf(player: Player, messageId: string): void {
  player.touch(
    ...player.history.talks.filter(({ said }) => said.some(({ id }) => id === messageId)).map(({ id }) => id),
  );
}

function append(
  player: Player,
  window: Window,
  conversationId: string,
  id: string,
  text: string,
  links: Links = {},
): void {
  const message = { id, conversationId, role: 'user', content: text, metadata: linkMetadata(links) } as const;
  player.act(
    window,
    (store) => store.append(message),
    (history) => history.append(conversationId, { id, role: 'user', text, links }, player.now),
  );
  player.touch(conversationId);
}

function saveDraft(
  player: Player,
  window: Window,
  id: string,
  draft: { messageId: string; text: string },
): void {
  player.act(
    window,
    (store) => store.saveDraft(id, draft),
    (history) => {
      const talk = history.talk(id);
      if (talk !== undefined && history.message(draft.messageId) === undefined) {
        talk.draft = { ...draft, text: wellFormed(draft.text) };
        talk.touches += 1;
      }
      return history.refusal(id);
    },
  );
  player.touch(id);
}

/** The user asks for a reply to what the window shows; the window may be behind. */
function beginReply(player: Player, window: Window, { talk, n }: Step, kind: ReplyKind): void {
  const conversationId = player.id(talk);
  const kept = player.history.talk(conversationId);
  const last = kept && shown(kept).at(n % 6 === 5 ? -2 : -1);
  if (last === undefined) return;
  const id = player.newId();
  const outcome = { refused: undefined as string | undefined };
  const start = player.act(
    window,
    (store) => store.beginReply({ id, conversationId, kind, after: last.id }),
    (history) => {
      outcome.refused = refusalOf(history, conversationId, last.id, kind);
      if (outcome.refused !== undefined) return history.refusal(conversationId);
      player.world.seenAlive.set(window.id, player.now);
      const links = linksOf(history, conversationId, kind);
      return history.append(
        conversationId,
        { id, role: 'assistant', text: '', links, owner: window.id },
        player.now,
      );
    },
  );
  const isPurged = player.history.purged.has(conversationId);
  const refused = start !== undefined && 'refused' in start ? start.refused : undefined;
  if (!isPurged) assert.equal(refused, outcome.refused, 'a reply begins, or is refused for this reason');
  player.touch(conversationId);
}

function refusalOf(history: History, id: string, after: string, kind: ReplyKind): string | undefined {
  const talk = history.talk(id);
  if (talk === undefined) return 'gone';
  const view = shown(talk);
  if (view.some(({ owner }) => owner !== undefined)) return 'busy';
  const last = view.at(-1);
  if (last?.id !== after) return 'outdated';
  if (kind === 'answer') return last.role === 'user' ? undefined : 'outdated';
  const isBroken = last.status === 'interrupted' || last.status === 'failed';
  return last.role === 'assistant' && (kind === 'retry' || isBroken) ? undefined : 'outdated';
}

function linksOf(history: History, id: string, kind: ReplyKind): Links {
  const talk = history.talk(id);
  const view = talk === undefined ? [] : shown(talk);
  const last = view.at(-1);
  if (last === undefined || kind === 'answer') return {};
  if (kind === 'continue') return { continues: last.id };
  const before = (said: Said): Said | undefined => view.find((one) => one.id === said.links.continues);
  let first = last;
  for (let at = before(last); at !== undefined; at = before(at)) first = at;
  return { replaces: first.id };
}

function change(
  player: Player,
  window: Window,
  index: number,
  wanted: OrganiseChange & { title?: string },
  apply: (talk: Talk, history: History) => unknown,
): void {
  const id = player.id(index);
  player.act(
    window,
    (store) => store.change(id, wanted),
    (history) => {
      const talk = history.talk(id);
      if (talk !== undefined) apply(talk, history);
      return history.refusal(id);
    },
  );
  player.touch(id);
}

function organise(
  player: Player,
  window: Window,
  changes: readonly { readonly id: string; readonly change: OrganiseChange }[],
): void {
  const undo = player.act(
    window,
    (store) => store.changeMany(changes),
    (history): Expected => {
      const problem = changes.map(({ id }) => history.refusal(id)).find((one) => one !== undefined);
      if (problem === undefined)
        for (const { id, change } of changes) applyOrganise(history, id, change, player.now);
      return problem;
    },
  );
  player.undo = undo ?? [];
  player.touch(...changes.map(({ id }) => id));
}

function applyOrganise(history: History, id: string, change: OrganiseChange, now: number): void {
  const talk = history.talk(id);
  if (talk === undefined) return;
  const { tags = talk.tags, addTags = [], removeTags = [] } = change;
  talk.tags = [...new Set([...tags.filter((tag) => !removeTags.includes(tag)), ...addTags])];
  talk.isUnread = change.isUnread ?? talk.isUnread;
  talk.isStarred = change.isStarred ?? talk.isStarred;
  if (change.status !== undefined) history.setStatus(talk, change.status, now);
}
