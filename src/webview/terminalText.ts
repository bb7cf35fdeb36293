const ESCAPE = String.fromCharCode(0x1b);
const BELL = String.fromCharCode(0x07);
/** Colours and cursor moves (CSI), titles and links (OSC), and the short escapes. */
const CONTROL = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)|[@-Z\\\\-_])`,
  'g',
);

/** A terminal's output as it reads: without control sequences, a line that was written over as it was last. */
export function terminalText(output: string): string {
  return output
    .replace(CONTROL, '')
    .replace(/\r+\n/g, '\n')
    .replace(/^[^\n]*\r(?!\n|$)/gm, '');
}
