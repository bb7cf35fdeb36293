import type { Bug } from './bug.ts';

const ENGINE = 'src/sync/engine.ts';
const MACHINE = 'src/sync/machine.ts';
const TIMES = 'src/sync/times.ts';
const FAILURE = 'src/sync/failure.ts';
const PUSH = 'src/sync/push.ts';
const CARRY = 'src/sync/carry.ts';
const PULL = 'src/sync/pull.ts';
const CALLER = 'src/sync/http/caller.ts';
const PROBLEM = 'src/sync/http/problem.ts';
const WIRE = 'src/sync/wire.ts';
const OUTBOX = 'src/store/sqlite/outbox.ts';

const TABLE = 'test/sync/machine.test.ts';
const FAILURES = 'test/sync/failure.test.ts';
const WINDOWS = 'test/sync/windows.test.ts';
const BATCH = 'test/sync/batch.test.ts';
const SOCKET = 'test/sync/socket/plain.test.ts';
const ANNOUNCED = 'test/sync/socket/announced.test.ts';

/** Mistakes that sync engines like this one have been seen to make elsewhere, or that were found in this one. */
export const engineBugs: readonly Bug[] = [
  {
    name: 'a POST is sent again when its connection breaks',
    file: CALLER,
    from: 'const response = await this.#options.http.send(request, signal).catch(rethrow);',
    to: 'const response = await this.#options.http.send(request, signal).catch(() => this.#options.http.send(request, signal)).catch(rethrow);',
    test: SOCKET,
    grep: 'plain contract.*a reset after the request, after',
  },
  {
    name: 'what had no answer is sent again without looking',
    file: FAILURE,
    from: "return { state: 'unknown', notBefore: now + wait, reason: error.message };",
    to: "return { state: 'queued', notBefore: now + wait, reason: error.message };",
    test: SOCKET,
    grep: 'plain contract.*a reset after the request, before',
  },
  {
    name: 'what was looked for once is sent again while it may be alive',
    file: FAILURE,
    from: 'if (readStartedAt < deadAt) {',
    to: 'if (readStartedAt < deadAt - requestLifeMs) {',
    test: SOCKET,
    grep: 'plain contract.*a commit after the client has given up',
  },
  {
    name: 'a lost creation is looked for on the first page only',
    file: PULL,
    from: 'if (rows.length < PAGE_LIMIT || fresh.length === 0) return;',
    to: 'if (rows.length <= PAGE_LIMIT) return;',
    test: WINDOWS,
    grep: 'behind the first page of the list',
  },
  {
    name: 'a 503 of a gateway is taken as proof that nothing happened',
    file: PROBLEM,
    from: "a POST, which stores twice when sent twice, is looked up first; the others may simply be sent again.\n      return method === 'POST' ? 'unknown' : 'slow-down';",
    to: "a POST, which stores twice when sent twice, is looked up first; the others may simply be sent again.\n      return 'slow-down';",
    test: SOCKET,
    grep: 'plain contract.*503 with Retry-After, before',
  },
  {
    name: 'the same words of another client are taken for the same message',
    file: WIRE,
    from: ": derivedId('message', account, remoteConversationId, row.id),\n    hlc",
    to: ": derivedId('message', account, remoteConversationId, row.content),\n    hlc",
    test: 'test/sync/wire.test.ts',
    grep: 'what an old client posted twice',
  },
  {
    name: 'a message that is refused is dropped',
    file: CARRY,
    from: '    return failed(context, [sending], error, isById);\n  }\n}',
    to: "    if (error.problem !== 'refused') return failed(context, [sending], error, isById);\n    return { results: [{ seq: item.seq, sent: { remoteId: 'none', serverOrder: 1 } }], conflicts: [], outcome: { kind: 'ok' } };\n  }\n}",
    test: SOCKET,
    grep: 'plain contract.*422, before',
  },
  {
    name: 'a window that was fenced off goes on',
    file: MACHINE,
    from: "detail: outcome.detail } };\n    case 'fenced':\n      return { ...forgetful(state), isLeader: false };",
    to: "detail: outcome.detail } };\n    case 'fenced':\n      return state;",
    test: TABLE,
    grep: 'push-fenced',
  },
  {
    name: 'the lease is not renewed',
    file: 'src/store/sqlite/leases.ts',
    from: 'if (seen?.holder === session.id && seen.expires_at - now > ttlMs / 2)',
    to: 'if (seen?.holder === session.id)',
    test: WINDOWS,
    grep: 'keeps its lease, however long',
  },
  {
    name: 'the newest message goes first',
    file: OUTBOX,
    from: 'ORDER BY h.seq LIMIT 1),',
    to: 'ORDER BY h.seq DESC LIMIT 1),',
    test: 'test/store/outbox.test.ts',
    grep: 'create and appends go in order',
  },
  {
    name: 'two requests of one conversation at once',
    file: MACHINE,
    from: '.filter((item) => !state.busy.has(item.conversationId))',
    to: ".filter((item) => item.conversationId !== '')",
    test: WINDOWS,
    grep: 'with a request under way waits',
  },
  {
    name: 'more than two requests in flight',
    file: TIMES,
    from: 'return MAX_REQUESTS - busy.size - Number(isPulling);',
    to: 'return MAX_REQUESTS - busy.size - Number(isPulling) * 0;',
    test: TABLE,
    grep: 'found-work|random walks',
  },
  {
    name: 'what belongs to another account is offered',
    file: OUTBOX,
    from: 'WHERE (c.account IS NULL OR c.account = ?2)',
    to: 'WHERE (c.account IS NULL OR c.account IS NOT ?2 OR 1)',
    test: 'test/store/outbox.test.ts',
    grep: 'what belongs to another account',
  },
  {
    name: 'an answer counts after its account was left',
    file: ENGINE,
    from: 'if (!requests.signal.aborted) this.handle(event);',
    to: 'this.handle(event);',
    test: WINDOWS,
    grep: 'is no news for the new one',
  },
  {
    name: 'Retry-After is ignored',
    file: MACHINE,
    from: 'outcome.retryAfterMs ?? SLOW_DOWN_MS);',
    to: 'Math.min(outcome.retryAfterMs ?? 0, 1));',
    test: TABLE,
    grep: 'asked to wait',
  },
  {
    name: 'after a 401 it goes on asking',
    file: TIMES,
    from: "    case 'signedOut':\n      return undefined;",
    to: "    case 'signedOut':\n      return earliest;",
    test: TABLE,
    grep: 'signedOut . (changed|woken)',
  },
  {
    name: 'a refused star stops the messages',
    file: PUSH,
    from: "if (item.kind === 'fields' && error.problem === 'forbidden') return { kind: 'nothing' };",
    to: '',
    test: 'test/sync/oldBackend.test.ts',
    grep: 'a title is kept here and parked with its reason',
  },
  {
    name: 'a redirect is followed, with the token',
    file: CALLER,
    from: '    this.#refuse(call, response.status, response.headers, codeOf(response));\n    return response;',
    to: "    const next = headerOf(response.headers, 'location');\n    if (next !== undefined) return this.#options.http.send({ ...request, url: next }, signal).catch(rethrow);\n    this.#refuse(call, response.status, response.headers, codeOf(response));\n    return response;",
    test: SOCKET,
    grep: 'plain contract.*a redirect, before',
  },
  {
    name: 'what the backend cannot store is sent as it is',
    file: WIRE,
    from: 'const { text, mends } = mendText(message.content);',
    to: 'const { mends } = mendText(message.content);\n  const text = message.content;',
    test: 'test/sync/oldBackend.test.ts',
    grep: 'nothing that is sent is answered with 500',
  },
  {
    name: 'what was mended is not restored',
    file: WIRE,
    from: 'const content = restoreText(row.content, note.data.mends);',
    to: 'const content = row.content;',
    test: 'test/sync/engine.test.ts',
    grep: 'what a backend cannot store',
  },
  {
    name: 'a deletion of its own comes back as news, over the restore',
    file: 'src/store/sqlite/mergeFields.ts',
    from: "if (base.isDeleting !== true || theirs.status !== 'deleted') return base;",
    to: "if (base.isDeleting !== true || theirs.status === 'deleted') return base;",
    test: WINDOWS,
    grep: 'what is restored while its deletion has no answer',
  },
  {
    name: 'back-off without growth',
    file: FAILURE,
    from: '2 ** Math.max(0, failures - 1)',
    to: '2 ** Math.min(0, failures)',
    test: FAILURES,
    grep: 'back-off doubles',
  },
  {
    name: 'waits of fractions of a millisecond, which the store refuses',
    file: FAILURE,
    from: 'return Math.round(ms * (0.5 + random / 2));',
    to: 'return ms * (0.5 + random / 2);',
    test: FAILURES,
    grep: 'whole milliseconds',
  },
  {
    name: 'one conversation that cannot be read stops all',
    file: 'src/sync/reading.ts',
    from: "const isOne = outcome.kind === 'refused' || outcome.kind === 'doubtful';",
    to: "const isOne = outcome.kind === 'refused';",
    test: 'test/sync/mergeUnreadable.test.ts',
    grep: 'one that always fails holds up neither',
  },
  {
    name: 'an answer about another conversation is believed',
    file: 'src/sync/http/httpRemote.ts',
    from: 'if (row.id !== remoteId) throw',
    to: "if (row.id === '') throw",
    test: 'test/sync/http/httpRemote.test.ts',
    grep: 'an answer about another conversation',
  },
  {
    name: 'a message that a batch left out counts as sent',
    file: CARRY,
    from: "else if (answer?.status === 'invalid') results.push(parked(INVALID));",
    to: "else if (answer?.status === 'invalid') results.push({ seq, sent: { remoteId: String(seq), serverOrder: 1 } });",
    test: BATCH,
    grep: 'what is wrong with one message',
  },
  {
    name: 'a message is sent again under another client id',
    file: CARRY,
    from: '...(isById && { client_id: message.id }) };',
    to: '...(isById && { client_id: `${message.id}-${performance.now()}` }) };',
    test: 'test/sync/socket/abilities.test.ts',
    grep: 'idempotent alone.*a commit after the client has given up',
  },
  {
    name: 'a backend is trusted to know client ids because it once did',
    file: 'src/sync/terms.ts',
    from: "item.isSentById === true && abilities.has('idempotent');",
    to: 'item.isSentById === true && abilities.size >= 0;',
    test: 'test/sync/clientIds.test.ts',
    grep: 'keeps no client ids any more gets nothing again',
  },
  {
    name: 'a batch that is refused as a whole is parked as a whole',
    file: CARRY,
    from: "if (!isRefused || error.code === 'purged') return failed(context, sending, error, isById);",
    to: 'return failed(context, sending, error, isById);',
    test: BATCH,
    grep: 'refused as a whole goes message by message',
  },
  {
    name: 'a stream that never tells anything puts off every pull',
    file: MACHINE,
    from: 'const pullAt = failures === 0 ? now + PULL_LIVE_EVERY_MS : next.pullAt;',
    to: 'const pullAt = now + PULL_LIVE_EVERY_MS;',
    test: ANNOUNCED,
    grep: 'reset in the middle of an event',
  },
  {
    name: 'an announcement that only fails holds up everything',
    file: 'src/sync/announcement.ts',
    from: 'if (!isUselessAnswer(error)) throw error;',
    to: 'if (error !== undefined) throw error;',
    test: ANNOUNCED,
    grep: 'an announcement that is 500',
  },
  {
    name: 'what was begun behind a message that is not taken is sent all the same',
    file: 'src/sync/append.ts',
    from: 'if (isMore && entered !== undefined',
    to: 'if (entered !== undefined',
    test: 'test/sync/ahead.test.ts',
    grep: 'one that is not taken keeps back',
  },
  {
    name: 'what was begun and not sent stays under way',
    file: 'src/sync/append.ts',
    from: '[...left, ...back]',
    to: '(void back, left)',
    test: 'test/sync/ahead.test.ts',
    grep: 'a window that was stopped meanwhile',
  },
];
