/** A machine with NAVI on it, without an editor: a real store and a real engine, on a clock that tests turn. */
import { v7 as uuidv7 } from 'uuid';
import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { HttpClient } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS, type ProxySettings } from '../../src/http/proxy.ts';
import type { StartTimer } from '../../src/http/timer.ts';
import { accountKey, type Who } from '../../src/sync/account.ts';
import { Asking } from '../../src/sync/asking.ts';
import { SyncEngine } from '../../src/sync/engine.ts';
import { HttpRemote } from '../../src/sync/http/httpRemote.ts';
import { WatchedHttp } from '../../src/sync/http/watchedHttp.ts';
import { syncReport, type SyncReport } from '../../src/sync/report.ts';
import { statusOf } from '../../src/sync/status.ts';
import { SyncWatch } from '../../src/sync/watch.ts';
import type { Ability } from '../../src/protocol/abilities.ts';
import type { SyncSnapshot } from '../../src/protocol/panel.ts';
import type { Message } from '../../src/model/message.ts';
import { HandClock } from './clock.ts';
import { limitedRemote } from './limitedRemote.ts';
import { openWindow } from './stores.ts';
import { tempFolder } from './tempFolder.ts';
import type { MachineStore } from './threadStore.ts';

export const REQUEST_LIFE_MS = 60_000;

export interface MachineOptions {
  /** Share the file with another machine's windows. */
  readonly folder?: string;
  readonly clock?: HandClock;
  readonly token?: string;
  /** The editor's settings for the way to a server. */
  readonly way?: Partial<ProxySettings>;
  /** Instead of one in a thread of its own, whose clock nobody turns. */
  readonly store?: MachineStore;
  /** Of the deadlines of requests; by the real clock when absent. */
  readonly startTimer?: StartTimer;
  readonly random?: () => number;
  /** Whose conversations they are, on a server that several tests share. */
  readonly orgId?: string;
  /** All that the backend is believed to announce; everything, when absent. */
  readonly abilities?: readonly Ability[];
  /** Of an answer that it takes; 32 MB, when absent. */
  readonly maxBytes?: number;
}

export class TestMachine {
  readonly store: MachineStore;
  readonly clock: HandClock;
  /** Every line of every level. */
  readonly log: string[] = [];
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  /** What the connection was, in turn. */
  readonly links: string[] = [];
  readonly watch: SyncWatch;
  readonly asking: Asking;
  private readonly engine: SyncEngine;
  private readonly http: HttpClient;
  private readonly own: ReturnType<typeof tempFolder> | undefined;
  account: string | undefined;
  private who: Who | undefined;
  private readonly orgId: string;
  private readonly abilities: readonly Ability[] | undefined;
  /** What the machine sees of its network. */
  network = 'home';

  constructor({
    folder,
    clock,
    way,
    store,
    startTimer,
    random,
    orgId = '',
    abilities,
    maxBytes,
  }: MachineOptions = {}) {
    this.http = new HttpClient(
      { ...NO_PROXY_SETTINGS, ...way },
      { deadlineMs: 2_000, ...(maxBytes !== undefined && { maxBytes }) },
      {
        ...(startTimer && { startTimer }),
      },
    );
    this.orgId = orgId;
    this.abilities = abilities;
    this.own = folder === undefined && store === undefined ? tempFolder() : undefined;
    this.clock = clock ?? new HandClock();
    this.store = store ?? openWindow(folder ?? this.own?.path ?? '').store;
    const now = (): number => this.clock.now();
    this.watch = new SyncWatch({
      store: this.store,
      now,
      log: { debug: (text) => this.log.push(`debug ${text}`) },
    });
    this.asking = new Asking({
      store: this.store,
      time: this.clock,
      syncNow: () => this.engine.syncNow(),
      onError: (error) => this.errors.push(String(error)),
    });
    this.engine = new SyncEngine({
      store: this.store,
      time: this.clock,
      random: random ?? (() => 0.5),
      requestLifeMs: REQUEST_LIFE_MS,
      observers: [this.watch, this.asking],
      network: () => this.network,
      log: {
        info: (text) => {
          this.log.push(text);
          this.links.push(/^Connection: (\w+)/.exec(text)?.[1] ?? '');
        },
        warn: (text) => {
          this.log.push(text);
          this.warnings.push(text);
        },
        error: (text, error) => {
          this.log.push(`${text} ${String(error)}`);
          this.errors.push(`${text} ${String(error)}`);
        },
      },
    });
  }

  /** Syncs with the backend at `url`, or not at all. */
  async connect(url: string | undefined, token?: string): Promise<void> {
    if (url === undefined) {
      this.account = undefined;
      this.who = undefined;
      this.engine.configure(undefined);
      return;
    }
    const base = normalizeBaseUrl(url);
    this.account = accountKey({ server: base.origin, orgId: this.orgId, userId: '', token });
    await this.store.useAccount(this.account);
    this.who = { origin: base.origin, account: this.account, hasToken: token !== undefined };
    const http = new WatchedHttp(this.http, this.watch.trafficOf(this.account), () => this.clock.now());
    const { orgId, abilities } = this;
    const whole = new HttpRemote({ http, base, token, orgId, now: () => this.clock.now() });
    const remote = abilities === undefined ? whole : limitedRemote(whole, abilities);
    this.engine.configure({ account: this.account, remote });
  }

  syncNow(): void {
    this.engine.syncNow();
  }

  networkChanged(): void {
    this.engine.networkChanged();
  }

  /** The user changes the editor's settings for the way to a server. */
  changeWay(way: Partial<ProxySettings>): void {
    if (this.http.configure({ ...NO_PROXY_SETTINGS, ...way })) this.engine.syncNow();
  }

  /** Makes a conversation with these prompts. */
  async write(...texts: readonly string[]): Promise<string> {
    const id = uuidv7();
    await this.store.create({ id });
    for (const text of texts) await this.say(id, text);
    return id;
  }

  say(conversationId: string, text: string): Promise<Message> {
    return this.store.append({ id: uuidv7(), conversationId, role: 'user', content: text });
  }

  async texts(conversationId: string): Promise<string[]> {
    const page = await this.store.read(conversationId, { limit: 1_000 });
    return (page?.messages ?? []).map((message) => message.content);
  }

  async deliveries(conversationId: string): Promise<string[]> {
    const page = await this.store.read(conversationId, { limit: 1_000 });
    return (page?.messages ?? []).map((message) => message.delivery);
  }

  /** The backend's id of a conversation of the account that is connected. */
  async remoteIdOf(conversationId: string): Promise<string | undefined> {
    return this.account === undefined ? undefined : this.store.remoteIdOf(this.account, conversationId);
  }

  /** As `NAVI: Show Sync Status` shows it. */
  async report(): Promise<SyncReport> {
    return syncReport({
      now: this.clock.now(),
      ...(this.who && { who: this.who }),
      stored: await this.store.syncFacts(this.account, this.clock.now()),
      conflicts: (await this.store.conflicts()).length,
      window: this.watch.facts,
      ...(this.engine.abilities && { abilities: this.engine.abilities }),
      journaled: 0,
    });
  }

  async status(): Promise<SyncSnapshot> {
    const { store, account } = this;
    return statusOf(account !== undefined, await store.readLinkStatus(), await store.summary(account));
  }

  /** Resolves when no request and no look into the store is under way. */
  whenIdle(): Promise<void> {
    return this.engine.whenIdle();
  }

  /** Lets the engine work, turning the clock, until `condition` holds. Throws after `withinMs` of virtual time. */
  async until(condition: () => Promise<boolean>, withinMs = 10 * 60_000): Promise<void> {
    const end = this.clock.now() + withinMs;
    for (;;) {
      await this.engine.whenIdle();
      if (await condition()) return;
      if (this.clock.now() > end) {
        throw new Error(`Not within ${withinMs} ms of virtual time; ${JSON.stringify(await this.status())}`);
      }
      this.clock.advance(250);
    }
  }

  /** Until nothing waits any more and the engine says so. */
  synced(withinMs?: number): Promise<void> {
    return this.until(async () => (await this.status()).state === 'synced', withinMs);
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    this.asking.dispose();
    await this.http.close();
    await this.store.close();
    this.own?.dispose();
  }
}
