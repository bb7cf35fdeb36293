import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import * as vscode from 'vscode';
import { ChatTurns } from './chat/turns.ts';
import { HttpClient } from './http/client.ts';
import { networkNow } from './http/network.ts';
import { newsOf } from './panel/checkNotice.ts';
import { Panel } from './panel/panel.ts';
import {
  CONDITION_NOTICE,
  conditionNotice,
  damagedMessagesNotice,
  recoveringNotice,
  recoveryNotice,
  recoveryWords,
  sharedPlaceWords,
  unsafeVersionWords,
} from './panel/storeNotices.ts';
import { PanelView } from './panel/view.ts';
import { startChores } from './store/chores.ts';
import type { MendReport } from './store/maintenance.ts';
import { JournaledStore } from './store/journaled.ts';
import { MementoJournal } from './store/memento/journal.ts';
import { PanelMemory } from './store/memento/panelMemory.ts';
import { isAlive } from './store/processes.ts';
import { openMaintenance } from './store/sqlite/maintenance/host.ts';
import { openSqliteStore } from './store/sqlite/workerStore.ts';
import type { Who } from './sync/account.ts';
import { Asking } from './sync/asking.ts';
import { SyncEngine } from './sync/engine.ts';
import type { SyncReportFacts } from './sync/report.ts';
import { StatusReporter } from './sync/reporter.ts';
import { statusOf } from './sync/status.ts';
import { SyncWatch } from './sync/watch.ts';
import type { NaviExtension } from './vscode/api.ts';
import { provideApi } from './vscode/apiProvider.ts';
import { provideContents } from './vscode/attachments.ts';
import { registerCommands } from './vscode/commands.ts';
import { connect, ConnectionTarget } from './vscode/connection.ts';
import { editorEffects } from './vscode/editor.ts';
import { quietLog } from './vscode/log.ts';
import { Reports } from './vscode/reports.ts';
import { hintAtLost } from './vscode/reattach.ts';
import { responderChooser } from './vscode/responders.ts';
import { onDidChangeSettings, readAppearance, readProxySettings, readSettings } from './vscode/settings.ts';
import { askToSignIn } from './vscode/signIn.ts';
import { SignInAsker } from './vscode/signInAsker.ts';
import { startRetention } from './vscode/retention.ts';
import { showStatus } from './vscode/statusBar.ts';
import { Tokens } from './vscode/tokens.ts';
import { WindowWorkspace } from './vscode/windowWorkspace.ts';

const SNAPSHOT_PAUSE_MS = 50;
const FLUSH_PAUSE_MS = 100;
const POLL_MS = 200;
const CHECK_TOLD = 'navi.check.told';
const CHECK = {
  label: 'Check History',
  intent: { type: 'runCommand', command: 'checkHistory' },
} as const;

let stop: (() => Promise<void>) | undefined;

/** Builds the parts and hands them to each other. Nothing here waits: the store opens in its worker. */
export function activate(context: vscode.ExtensionContext): NaviExtension {
  const channel = vscode.window.createOutputChannel('NAVI', { log: true });
  const log = quietLog(channel);
  const onDefect = (error: unknown): void => log.error('Unexpected error.', error);
  const after = (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  };
  const pause = (ms: number) => (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  const sessionId = randomUUID();
  const files = {
    script: vscode.Uri.joinPath(context.extensionUri, 'dist', 'storeWorker.cjs').fsPath,
    file: join(context.globalStorageUri.fsPath, 'navi.db'),
  };
  let trouble: string | undefined;
  const sqlite = openSqliteStore(
    {
      ...files,
      sessionId,
      pollMs: POLL_MS,
    },
    {
      onRecovering: () => panel.showNotice(recoveringNotice),
      onRecovered: (recovery) => {
        log.warn(recoveryWords(recovery));
        panel.showNotice(recoveryNotice(recovery));
      },
      onDamagedMessages: (count) => {
        log.warn(`${count} message(s) were found damaged.`);
        maintenance.mend('noted').then(afterMending, onDefect);
      },
      onCondition: (condition) => {
        trouble = condition.trouble;
        const notice = conditionNotice(condition);
        if (condition.trouble === undefined) journaled.drain().catch(onDefect);
        if (notice === undefined) panel.hideNotice(CONDITION_NOTICE);
        else panel.showNotice(notice);
        if (condition.trouble !== undefined) log.warn(condition.trouble);
        if (condition.sharedPlace !== undefined) log.warn(sharedPlaceWords(condition.sharedPlace));
        if (condition.unsafeVersion !== undefined) log.warn(unsafeVersionWords(condition.unsafeVersion));
      },
      onFailure: (error) => {
        log.error('The conversation store failed.', error);
        panel.showNotice({ id: 'store', severity: 'error', text: error.message, action: CHECK });
      },
    },
  );
  const journal = new MementoJournal({
    global: context.globalState,
    workspace: context.workspaceState,
    owner: { sessionId, pid: process.pid, host: hostname() },
    now: Date.now,
    isAlive,
  });
  const journaled = new JournaledStore(sqlite, { journal, now: Date.now, onDefect });
  const store = journaled.over(sqlite);
  const maintenance = openMaintenance(files);
  const afterMending = ({ mended, left, damagedFile }: MendReport): void => {
    const notice = damagedMessagesNotice({ mended, left });
    if (notice !== undefined) {
      log.warn(notice.text);
      panel.showNotice(notice);
      panel.refresh();
    }
    if (damagedFile !== undefined) sqlite.repair(damagedFile);
  };
  const chores = startChores({
    store,
    maintenance,
    now: Date.now,
    random: Math.random,
    after,
    onMended: (report) => afterMending(report),
    onChecked: (facts) => {
      const { notice, told } = newsOf(facts, context.globalState.get(CHECK_TOLD, ''));
      if (notice !== undefined) panel.showNotice(notice);
      context.globalState.update(CHECK_TOLD, told).then(undefined, onDefect);
    },
    onFailure: (error) => log.error('The conversation file could not be looked after.', error),
  });
  const isRemote =
    vscode.env.remoteName !== undefined && context.extension.extensionKind === vscode.ExtensionKind.Workspace;
  const http = new HttpClient(readProxySettings(isRemote));
  const tokens = new Tokens(context.secrets);
  const watch = new SyncWatch({ store: sqlite, now: Date.now, log });
  const time = { now: Date.now, after };
  const asking = new Asking({ store: sqlite, time, syncNow: () => engine.syncNow(), onError: onDefect });
  const engine: SyncEngine = new SyncEngine({
    store: sqlite,
    log,
    random: Math.random,
    time,
    network: networkNow,
    observers: [watch, asking],
  });
  const status = new StatusReporter(sqlite, onDefect);
  const signIn = new SignInAsker({
    status,
    store: sqlite,
    now: Date.now,
    isFocused: () => vscode.window.state.focused,
    ask: () => void askToSignIn().catch(onDefect),
    onError: onDefect,
  });
  const turns = new ChatTurns({
    store,
    ids: uuidv7,
    pause: pause(FLUSH_PAUSE_MS),
    onDefect,
    responder: responderChooser({
      http,
      tokens,
      settings: readSettings,
      ids: uuidv7,
      onIgnored: (lines) => log.warn(`${lines} line(s) of a reply made no sense and were left out.`),
    }),
  });
  const workspace = new WindowWorkspace(store, () => panel.refresh(), onDefect);
  const panel: Panel = new Panel({
    store,
    turns,
    status,
    log,
    ids: uuidv7,
    memory: new PanelMemory(context.workspaceState, context.globalState, onDefect),
    effects: editorEffects(log),
    workspace: () => workspace.ref(),
    surroundings: {
      now: Date.now,
      isSeen: () => view.isVisible && vscode.window.state.focused,
      workspaceIds: () => workspace.current?.relatedIds,
      onNarrowed: () => hint(),
      showUnread: (count) => view.showUnread(count),
    },
    appearance: readAppearance,
    trashDays: () => readSettings().trashDays,
    pause: pause(SNAPSHOT_PAUSE_MS),
  });

  const view: PanelView = new PanelView(panel, context.extensionUri);
  const reports = new Reports();
  const lost = { store, panel, workspace: () => workspace.current };
  let hinted: string | undefined;
  const hint = (): void => {
    const id = workspace.current?.id;
    if (id === hinted) return;
    hinted = id;
    hintAtLost(lost, context.globalState).catch(onDefect);
  };

  let who: Who | undefined;
  const syncFacts = async (): Promise<SyncReportFacts> => ({
    now: Date.now(),
    ...(who && { who }),
    stored: await sqlite.syncFacts(who?.account, Date.now()),
    conflicts: (await sqlite.conflicts()).length,
    window: watch.facts,
    ...(engine.abilities && { abilities: engine.abilities }),
    journaled: journal.usage().entries,
  });

  const target = new ConnectionTarget({
    settings: readSettings,
    tokens,
    onChange: (next) => {
      const on = next.kind === 'on' ? connect(next, http, (account) => watch.trafficOf(account)) : undefined;
      who = on?.who;
      if (next.kind !== 'unusable') panel.hideNotice('backend-url');
      else
        panel.showNotice({
          id: 'backend-url',
          severity: 'warning',
          text: `Nothing is synced: the setting navi.backend.url cannot be used. ${next.reason}. Messages are saved here.`,
          action: { label: 'Open Settings', intent: { type: 'runCommand', command: 'openSettings' } },
        });
      store.useAccount(on?.session.account).catch(onDefect);
      status.setAccount(on?.session.account);
      engine.configure(on?.session);
    },
  });
  const reconnect = (): void => void target.look().catch(onDefect);
  reconnect();

  context.subscriptions.push(
    channel,
    vscode.window.registerWebviewViewProvider(PanelView.id, view),
    vscode.window.onDidChangeWindowState(() => panel.refresh()),
    workspace,
    reports,
    provideContents(store),
    registerCommands({
      store,
      conflicts: sqlite,
      panel,
      check: {
        maintenance,
        store,
        reports,
        version: (context.extension.packageJSON as { version: string }).version,
        trouble: () => trouble,
        sync: () => status.current,
        journal: () => journal.usage(),
      },
      lost,
      restore: { maintenance, store, ids: uuidv7 },
      token: { tokens, settings: readSettings, http, signIn },
      sync: {
        store: sqlite,
        reports,
        asking,
        facts: syncFacts,
        status: async () =>
          statusOf(who !== undefined, await sqlite.readLinkStatus(), await sqlite.summary(who?.account)),
        account: () => who?.account,
        onAsked: () => signIn.forget(),
      },
      log: channel,
    }),
    startRetention({
      store,
      panel,
      settings: readSettings,
      memento: context.globalState,
      ids: uuidv7,
      log,
    }),
    showStatus(status),
    signIn,
    asking,
    onDidChangeSettings({
      navi: reconnect,
      proxy: () => {
        // A new way may lead where the old one did not.
        if (http.configure(readProxySettings(isRemote))) engine.syncNow();
      },
      appearance: () => panel.refresh(),
    }),
    tokens.onDidChange((origin) => {
      if (origin !== who?.origin) return;
      signIn.forget();
      // The same token again: the user wants to know whether it is taken now.
      target.look().then((isAnother) => !isAnother && engine.syncNow(), onDefect);
    }),
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (!focused) return;
      store.tryAgain();
      signIn.look();
      engine.networkChanged();
    }),
  );
  stop = async () => {
    panel.dispose();
    status.dispose();
    chores.dispose();
    await turns.stopAll();
    await engine.stop();
    await Promise.all([http.close(), store.close(), maintenance.close()]);
  };
  return provideApi({ store, ids: uuidv7, workspace: () => workspace.ref() });
}

/** A courtesy only: it may not be called at all, so nothing depends on it. */
export async function deactivate(): Promise<void> {
  await stop?.();
}
