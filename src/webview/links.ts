import type { Intent } from '../protocol/panel.ts';
import { strings } from './strings.ts';

const SHOW_RESULT_MS = 1500;

/** Links and copy buttons inside of messages. Their nodes come from Markdown, so one listener serves all. */
export function listenToContent(
  root: HTMLElement,
  post: (intent: Intent) => void,
  announce: (text: string) => void,
): void {
  const onClick = (event: MouseEvent): void => {
    const { target } = event;
    if (!(target instanceof Element)) return;
    const anchor = target.closest('a');
    if (anchor) {
      // The editor's own listener above would open the link a second time.
      event.preventDefault();
      event.stopPropagation();
      if (event.button < 2) post({ type: 'openLink', href: anchor.href });
    }
    const button = target.closest('.copy-code');
    if (button && event.type === 'click') void copyCode(button, announce);
  };
  root.addEventListener('click', onClick);
  root.addEventListener('auxclick', onClick);
}

async function copyCode(button: Element, announce: (text: string) => void): Promise<void> {
  const code = button.closest('.code')?.querySelector('code')?.textContent ?? '';
  const isCopied = await navigator.clipboard.writeText(code).then(
    () => true,
    () => false,
  );
  announce(isCopied ? strings.copied : strings.copyFailed);
  const glyph = button.querySelector('.codicon');
  if (!glyph) return;
  glyph.className = `codicon codicon-${isCopied ? 'check' : 'error'}`;
  setTimeout(() => (glyph.className = 'codicon codicon-copy'), SHOW_RESULT_MS);
}
