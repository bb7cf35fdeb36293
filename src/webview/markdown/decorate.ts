import { strings } from '../strings.ts';

/** Adds what Markdown has no words for: a bar with the language and a copy button, scrolling for wide tables. */
export function decorate(block: ParentNode): void {
  for (const pre of block.querySelectorAll('pre')) decorateCode(pre);
  for (const table of block.querySelectorAll('table')) {
    table.replaceWith(
      element(
        'div',
        { class: 'wide', tabindex: '0', role: 'region', 'aria-label': strings.table },
        table.cloneNode(true),
      ),
    );
  }
}

function decorateCode(pre: HTMLElement): void {
  const language = languageOf(pre);
  const bar = element(
    'div',
    { class: 'code-bar' },
    element('span', { class: 'language' }, language),
    element(
      'button',
      {
        type: 'button',
        class: 'icon-button copy-code',
        title: strings.copyCode,
        'aria-label': strings.copyCode,
      },
      element('span', { class: 'codicon codicon-copy', 'aria-hidden': 'true' }),
    ),
  );
  const box = element('div', { class: 'code' }, bar);
  pre.replaceWith(box);
  // A region that scrolls must be reachable by keyboard.
  for (const [name, value] of Object.entries({
    tabindex: '0',
    role: 'region',
    'aria-label': strings.codeBlock(language),
  }))
    pre.setAttribute(name, value);
  box.append(pre);
}

function languageOf(pre: HTMLElement): string {
  return /^language-(.+)$/.exec(pre.querySelector('code')?.className ?? '')?.[1] ?? '';
}

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
