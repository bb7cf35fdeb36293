import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Intent } from '../../src/protocol/panel.ts';
import {
  hasUnsavedText,
  saveDraft,
  send,
  sendable,
  type,
  type ComposerState,
  type ComposerView,
} from '../../src/webview/composerState.ts';
import { D1, opened, shown, view } from './composerViews.ts';
import { uuid } from './fixtures.ts';

/** A host that reads intents in order, now and then, and shows its draft and its messages, now and then. */
class Host {
  messages: { id: string; content: string }[] = [];
  draft = { messageId: D1, text: '' };
  readonly #inbox: Intent[] = [];
  #made = 100;

  post(intents: readonly Intent[]): void {
    this.#inbox.push(...intents);
  }

  read(): void {
    const intent = this.#inbox.shift();
    if (intent?.type === 'saveDraft' && intent.messageId === this.draft.messageId)
      this.draft = { messageId: intent.messageId, text: intent.text };
    if (intent?.type === 'sendMessage' && !this.messages.some((message) => message.id === intent.messageId)) {
      this.messages = [...this.messages, { id: intent.messageId, content: intent.text }];
      this.draft = { messageId: uuid((this.#made += 1)), text: '' };
    }
  }

  readAll(): void {
    while (this.#inbox.length > 0) this.read();
  }

  view(): ComposerView {
    return view({ draft: this.draft, messages: this.messages });
  }
}

describe('The composer and a slow host', () => {
  it('I1, I3: every sent text is stored exactly once, and what is typed is never replaced', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({
          do: fc.constantFrom('type' as const, 'typeAndPost' as const),
          text: fc.constantFrom('', 'a', 'ab'),
        }),
        fc.record({ do: fc.constantFrom('post', 'send', 'read', 'show', 'readAndShow') }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const host = new Host();
        let state = opened();
        let typedText = '';
        const sent: string[] = [];
        const post = (step: { state: ComposerState; intents: Intent[] }) => {
          state = step.state;
          host.post(step.intents);
          sent.push(
            ...step.intents.flatMap((intent) => (intent.type === 'sendMessage' ? [intent.text] : [])),
          );
        };
        for (const step of script) {
          // The field is read-only while a message is being saved.
          if ('text' in step && sendable(state) !== 'saving') {
            typedText = step.text;
            state = type(state, step.text);
          }
          if (step.do === 'post' || step.do === 'typeAndPost') post(saveDraft(state));
          if (step.do === 'send') post(send(state));
          if (step.do === 'read' || step.do === 'readAndShow') host.read();
          if (step.do === 'show' || step.do === 'readAndShow') {
            const wasSaving = sendable(state) === 'saving';
            state = shown(state, host.view());
            if (wasSaving && sendable(state) !== 'saving') typedText = '';
            assert.equal(state.text, typedText);
          }
        }
        post(saveDraft(state));
        host.readAll();
        state = shown(state, host.view());
        assert.deepEqual(
          host.messages.map((message) => message.content),
          sent,
        );
        assert.equal(host.draft.text, state.text, 'the host keeps another draft than the one on the screen');
      }),
      { numRuns: 5000, seed: 20260512 },
    );
  });
});

describe('Two composers on one draft', () => {
  it('P11 I1: what is typed where the field has the focus stays, and neither answers the other for ever', () => {
    const step = fc.record({
      window: fc.constantFrom(0 as const, 1 as const),
      do: fc.constantFrom('type', 'read', 'show'),
      text: fc.constantFrom('', 'a', 'ab'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (script) => {
        const host = new Host();
        const windows = [opened(), opened()] as [ComposerState, ComposerState];
        const typedTexts: [string, string] = ['', ''];
        const post = (window: 0 | 1) => {
          const step = saveDraft(windows[window]);
          windows[window] = step.state;
          host.post(step.intents);
        };
        const show = (window: 0 | 1) => {
          windows[window] = shown(windows[window], host.view(), true);
          if (typedTexts[window] !== '') assert.equal(windows[window].text, typedTexts[window]);
        };
        for (const { window, do: act, text } of script) {
          // No key was pressed where the field holds that already.
          if (act === 'type' && text !== windows[window].text) {
            typedTexts[window] = text;
            windows[window] = type(windows[window], text);
            post(window);
          } else if (act === 'show') show(window);
          else host.read();
        }
        host.readAll();
        for (const window of [0, 1, 0, 1] as const) {
          show(window);
          if (hasUnsavedText(windows[window])) post(window);
          host.readAll();
        }
        assert.ok(windows.every((state) => !hasUnsavedText(state)));
      }),
      { numRuns: 5000, seed: 20261126 },
    );
  });
});
