/**
 * Runs `look` one at a time; whatever asks for it meanwhile makes one more afterwards, which sees what changed. A rejection goes
 * to `onError` and ends nothing.
 */
export function coalesced(look: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let running: 'no' | 'once' | 'again' = 'no';
  const run = (): void => {
    if (running !== 'no') {
      running = 'again';
      return;
    }
    running = 'once';
    void look()
      .catch(onError)
      .finally(() => {
        const isStale = running === 'again';
        running = 'no';
        if (isStale) run();
      });
  };
  return run;
}
