/** Words that are as unevenly frequent as those of a language, the same for the same seed. */
const SYLLABLES =
  'ba be bi bo bu ca ce co da de di do fa fe fi ga go ha he ka ki la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi vo'.split(
    ' ',
  );
const VOCABULARY = 40_000;
const SCRIPTS = '日月火水木金土山川田人口車門東西南北京都会議保存検索設定言語変更確認';

export class Writer {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A word by its rank: the most frequent one is drawn about every tenth time (Zipf). */
  word(): string {
    return wordOf(Math.floor(VOCABULARY ** this.random()));
  }

  words(count: number): string {
    return Array.from({ length: count }, () => this.word()).join(' ');
  }

  /** Sentences with names of code and a little Japanese among them. */
  text(count: number): string {
    const parts = [this.words(count)];
    if (this.random() < 0.5)
      parts.push(
        `\`${this.word()}${capital(this.word())}${capital(this.word())}()\` in src/${this.word()}/${this.word()}.ts:${Math.floor(this.random() * 900)}`,
      );
    if (this.random() < 0.1)
      parts.push(
        Array.from({ length: 8 }, () => SCRIPTS[Math.floor(this.random() * SCRIPTS.length)]).join(''),
      );
    return parts.join('. ');
  }
}

/** The word of a rank from 1. */
export function wordOf(rank: number): string {
  let rest = rank;
  let word = '';
  do {
    word += SYLLABLES[rest % SYLLABLES.length] ?? '';
    rest = Math.floor(rest / SYLLABLES.length);
  } while (rest > 0);
  return word.length < 3 ? `${word}n` : word;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** A valid UUID for each whole number. */
export function uuidOf(n: number): string {
  const digits = Math.abs(n).toString(16).padStart(12, '0');
  return `00000000-0000-7000-${n < 0 ? '9' : '8'}000-${digits}`;
}
