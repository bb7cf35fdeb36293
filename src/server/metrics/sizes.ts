import { Histogram, type Registry } from 'prom-client';
import type { SampleSizes, Sizes } from '../storage/sampleSizes.ts';

/** How long a sample counts as news. */
const EVERY_MS = 60_000;
const BUCKETS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

export interface SizeParts {
  readonly sample: SampleSizes;
  /** Of a sample that failed; the last one stays. */
  readonly onProblem: (error: unknown) => void;
  /** Milliseconds, never set back. */
  readonly clock?: () => number;
}

/**
 * Conversations per user and messages per conversation, as histograms of a small random sample: they are filled anew with
 * each sample, so they show how things are and must not be read as rates. A sample is taken when the metrics are read, once
 * a minute at most; only the first reader waits for it. Who has more users pays no more, and unread it costs nothing.
 */
export function addSizes(registry: Registry, parts: SizeParts): void {
  const { sample, onProblem, clock = () => performance.now() } = parts;
  let latest: Sizes | undefined;
  let due = 0;
  let running: Promise<void> | undefined;
  const current = async (): Promise<Sizes | undefined> => {
    if (running === undefined && clock() >= due) {
      due = clock() + EVERY_MS;
      running = sample()
        .then((sizes) => void (latest = sizes), onProblem)
        .finally(() => (running = undefined));
    }
    if (latest === undefined) await running;
    return latest;
  };
  const histogram = (name: string, help: string, read: (sizes: Sizes) => readonly number[]): void => {
    new Histogram({
      name,
      help,
      buckets: BUCKETS,
      registers: [registry],
      async collect() {
        const sizes = await current();
        this.reset();
        for (const size of sizes === undefined ? [] : read(sizes)) this.observe(size);
      },
    });
  };
  histogram(
    'navi_user_conversations',
    'Conversations per user, in a sample that is taken anew each minute.',
    ({ conversationsOfUsers }) => conversationsOfUsers,
  );
  histogram(
    'navi_conversation_messages',
    'Messages per conversation, in a sample that is taken anew each minute.',
    ({ messagesOfConversations }) => messagesOfConversations,
  );
}
