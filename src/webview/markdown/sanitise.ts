import DOMPurify from 'dompurify';

const TAGS = [
  ...[
    'p',
    'br',
    'hr',
    'blockquote',
    'pre',
    'code',
    'ul',
    'ol',
    'li',
    'h3',
    'h4',
    'h5',
    'h6',
    'span',
    'a',
    'img',
  ],
  ...['b', 'i', 'u', 's', 'em', 'strong', 'del', 'ins', 'mark', 'small', 'sub', 'sup', 'kbd'],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
];
const ATTRIBUTES = ['href', 'src', 'alt', 'title', 'class', 'start', 'align'];

/**
 * HTML of one block as nodes that can run nothing and load nothing from anywhere. The renderer makes no other HTML;
 * this holds even where it has a hole.
 */
export function sanitise(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
    RETURN_DOM_FRAGMENT: true,
  });
}

/** An image may only hold its own data: anything else would tell a server that it is looked at. */
DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'IMG' && !node.getAttribute('src')?.startsWith('data:image/')) node.remove();
});
