import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Lexer } from 'marked';
import { describe, it } from 'mocha';
import sinon from 'sinon';
import { extend, parse, parseTyped } from '../../src/webview/markdown/blocks.ts';

const PIECES = [
  '# Head',
  'words **bold** and `code`',
  '- item',
  '  - inner',
  '1. first',
  '```ts',
  '```',
  'let a = 1;',
  '> quote',
  '| a | b |',
  '| - | - |',
  '---',
  '===',
  '    indented',
  '<div>',
  '<!-- note',
  '-->',
  '\t',
  '',
  '',
];

describe('Markdown that grows', () => {
  it('reads the same in pieces as at once', () => {
    const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(texts, fc.array(fc.nat({ max: 30 }), { maxLength: 20 }), (text, sizes) => {
        let parsed = parse('');
        let end = 0;
        for (const size of [...sizes, text.length]) {
          end = Math.min(text.length, end + size);
          parsed = extend(parsed, text.slice(0, end));
        }
        assert.deepEqual(parsed.blocks, parse(text).blocks);
      }),
      { numRuns: 3000, seed: 20260512 },
    );
  });

  it('does not read again what stands before its last blocks', () => {
    const before = parse('one\n\ntwo\n\nthree\n\nfour');
    assert.ok(before.resume.offset > 0);
    const after = extend(before, `${before.text} and more`);
    assert.deepEqual(after.blocks.slice(0, 3), before.blocks.slice(0, 3));
  });

  it('reads another text from its start', () => {
    assert.deepEqual(extend(parse('one\n\ntwo\n\nthree'), 'other').blocks, parse('other').blocks);
  });

  it('reads of a hundred kilobytes that come in pieces no more than the last ones again', () => {
    const text =
      '- a list item with `code` and **bold** words\n- another\n\nA paragraph of words.\n\n'.repeat(1250);
    const lex = sinon.spy(Lexer.prototype, 'lex');
    let parsed = parse('');
    for (let end = 0; end < text.length; end += 100) parsed = extend(parsed, text.slice(0, end));
    lex.restore();
    assert.ok(parsed.blocks.length > 1000);
    const most = Math.max(...lex.args.map(([read]) => read.length));
    assert.ok(lex.callCount >= text.length / 100 && most < 500, `${most} characters at once`);
  });
});

describe('Markdown that is hostile', () => {
  const hostile: Readonly<Record<string, string>> = {
    'ten thousand nested quotes': `${'>'.repeat(10_000)} x`,
    'lists nested on one line': `${'- '.repeat(3000)}x`,
    'a word of fifty thousand letters with an @': `${'a'.repeat(50_000)}@`,
    'underscores without end': '_a'.repeat(20_000),
    'open brackets': '[a]('.repeat(20_000),
    'open tags': '<a '.repeat(20_000),
  };
  for (const [name, text] of Object.entries(hostile)) {
    // What grows faster than a square with these takes longer than a test may.
    it(`shows ${name} before the test's time is over`, () => {
      assert.ok(parse(text).blocks.join('').length > 0);
    });
  }
});

describe('What a person typed', () => {
  it('is kept character by character', () => {
    assert.deepEqual(parseTyped('def __init__(self):\n    *pass*\n\n# not a heading'), [
      '<p class="raw">def __init__(self):\n    *pass*\n\n# not a heading</p>',
    ]);
  });

  it('shows fenced code as code, between the words', () => {
    const blocks = parseTyped('before\n```js\na < b\n```\nafter');
    assert.equal(blocks.length, 3);
    assert.equal(blocks[1], '<pre><code class="language-js">a &lt; b</code></pre>');
  });

  it('loses no character to link definitions or HTML', () => {
    assert.deepEqual(parseTyped('[a]: https://example.com\n<b>x</b>'), [
      '<p class="raw">[a]: https://example.com\n&lt;b&gt;x&lt;/b&gt;</p>',
    ]);
  });
});
