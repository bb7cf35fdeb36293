import { html, nothing, type TemplateResult } from 'lit';
import type { Intent, MessageItem } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { timeOfDay } from '../times.ts';
import { icon, iconButton, textButton, type IconName } from './controls.ts';
import type { Post } from './light.ts';

/** What can be done where a message stands. */
export interface MessagePlace {
  /** Nothing was said after it and nothing arrives: a reply can be asked for. */
  readonly isLast: boolean;
  /** False while another prompt is being edited, and in the trash. */
  readonly canEdit: boolean;
  readonly canSwitch: boolean;
}

export interface AboutMessage {
  readonly message: MessageItem;
  readonly conversationId: string;
  readonly place: MessagePlace;
  readonly post: Post;
}

type Kind = Extract<Intent, { type: 'askReply' }>['kind'];
type Part = TemplateResult | typeof nothing;

/** Edit for a prompt, another try for the last reply. */
export function barActions({ message, conversationId, place, post }: AboutMessage): Part {
  const { role, status, id: messageId } = message;
  if (role === 'user' && place.canEdit)
    return iconButton({
      icon: 'edit',
      label: strings.editPrompt,
      className: 'message-action edit-prompt',
      run: () => post({ type: 'startEdit', conversationId, messageId }),
    });
  // One that did not end well says so in words, with the same button.
  if (role !== 'assistant' || !place.isLast || status !== 'complete') return nothing;
  return iconButton({
    icon: 'refresh',
    label: strings.tryAgain,
    className: 'message-action',
    run: () => post(ask({ message, conversationId }, 'retry')),
  });
}

/** How the reply ended when it did not end well, why there is none, and what can be done about it. */
export function replyState(about: AboutMessage): Part {
  const { message } = about;
  const { role, status, replyProblem, delivery } = message;
  if (role === 'assistant' && (status === 'interrupted' || status === 'failed')) return brokenOff(about);
  if (replyProblem !== undefined) {
    const words = role === 'user' ? strings.noReply(replyProblem) : strings.noOtherReply(replyProblem);
    return trouble('failed', 'error', words, button(about, role === 'user' ? 'answer' : 'retry'));
  }
  if (role === 'user' && about.place.isLast && delivery !== 'parked' && waitsFor(about) <= 0)
    return trouble('unanswered', 'circle-slash', strings.unanswered, button(about, 'answer'));
  return nothing;
}

/** A reply to a new prompt is on its way for a moment: that it is not there yet is not worth a word. */
const ON_ITS_WAY_MS = 3_000;

/** Milliseconds until the prompt counts as one that got no reply, if none comes. */
export function waitsFor({ message, place }: AboutMessage): number {
  if (message.role !== 'user' || !place.isLast) return 0;
  const waits = message.createdAt + ON_ITS_WAY_MS - Date.now();
  // Another machine's clock may be ahead.
  return waits > ON_ITS_WAY_MS ? 0 : waits;
}

function brokenOff(about: AboutMessage): TemplateResult {
  const { status, content, endedAt, replyProblem } = about.message;
  const at = endedAt === undefined ? undefined : timeOfDay(endedAt, Date.now());
  const isFailed = status === 'failed';
  const words = strings[isFailed ? 'failed' : 'interrupted'](content.length, at);
  const reason = replyProblem === undefined ? '' : ` ${replyProblem}`;
  const buttons: Part[] = [button(about, 'continue'), button(about, 'retry')];
  return trouble(
    isFailed ? 'failed' : 'interrupted',
    isFailed ? 'error' : 'circle-slash',
    `${words}.${reason}`,
    ...buttons,
  );
}

function button(about: AboutMessage, kind: Kind): Part {
  if (!about.place.isLast) return nothing;
  return textButton(kind === 'continue' ? strings.continueReply : strings.retry, () =>
    about.post(ask(about, kind)),
  );
}

function ask(
  { message, conversationId }: Pick<AboutMessage, 'message' | 'conversationId'>,
  kind: Kind,
): Intent {
  return { type: 'askReply', conversationId, kind, after: message.furtherIds?.at(-1) ?? message.id };
}

/** "2/3" with the way to the neighbours. */
export function versionSwitch({ message, conversationId, place, post }: AboutMessage): Part {
  const { version } = message;
  if (version === undefined) return nothing;
  const { number, count } = version;
  const step = (name: 'earlier' | 'later', glyph: IconName): TemplateResult => {
    const restore = version[name];
    return html`<button
      type="button"
      class="icon-button"
      aria-label=${strings[name]}
      title=${strings[name]}
      ?disabled=${restore === undefined || !place.canSwitch}
      @click=${() => restore && post({ type: 'showVersion', conversationId, restore: [...restore] })}
    >
      ${icon(glyph)}
    </button>`;
  };
  return html`<span class="versions" role="group" aria-label=${strings.versions}>
    ${step('earlier', 'chevron-left')}
    <span title=${strings.version(number, count)}
      ><span aria-hidden="true">${number}/${count}</span
      ><span class="sr-only">${strings.version(number, count)}</span></span
    >
    ${step('later', 'chevron-right')}
  </span>`;
}

export function trouble(
  kind: 'interrupted' | 'failed' | 'parked' | 'unanswered' | 'damaged',
  name: IconName,
  words: string,
  ...actions: readonly Part[]
): TemplateResult {
  return html`<div class="trouble ${kind}">
    ${icon(name)}
    <p>${words} ${actions}</p>
  </div>`;
}
