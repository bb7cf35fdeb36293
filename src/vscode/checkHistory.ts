import { release } from 'node:os';
import * as vscode from 'vscode';
import type { SyncSnapshot } from '../protocol/panel.ts';
import type { HistoryFacts } from '../store/check/facts.ts';
import type { Finding } from '../store/check/finding.ts';
import { findingsIn, verdictOf } from '../store/check/findings.ts';
import type { HealthStore, StoreHealth } from '../store/check/health.ts';
import { reportOf, type Circumstances } from '../store/check/report.ts';
import type { Maintenance } from '../store/maintenance.ts';
import { StoreError } from '../store/store.ts';
import type { Reports } from './reports.ts';
import { pass } from './saying.ts';

export interface CheckParts {
  readonly maintenance: Pick<Maintenance, 'check'>;
  readonly store: HealthStore;
  readonly reports: Reports;
  readonly version: string;
  /** Why nothing can be written now, in words. */
  readonly trouble: () => string | undefined;
  readonly sync: () => SyncSnapshot;
  readonly journal: () => Circumstances['journal'];
}

const RESTORE = 'navi.restoreFromBackup';

/** Looks the whole file through, shows the report, and offers what can be done about what was found. */
export async function checkHistory(parts: CheckParts): Promise<void> {
  const facts = await withProgress((onProgress, signal) =>
    parts.maintenance.check('whole', onProgress, signal),
  );
  if (facts === undefined) {
    pass(vscode.l10n.t('NAVI: Check cancelled. Nothing was changed.'));
    return;
  }
  const findings = findingsIn(facts);
  const report = reportOf(facts, await circumstances(parts));
  await parts.reports.show(vscode.l10n.t('NAVI History Check'), report);
  await offer(parts, report, verdictOf(facts, findings), findings);
}

function withProgress(
  task: (onProgress: (done: number, total: number) => void, signal: AbortSignal) => Promise<HistoryFacts>,
): Thenable<HistoryFacts | undefined> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('NAVI: Looking through your history'),
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, cancellation) => {
    const controller = new AbortController();
    cancellation.onCancellationRequested(() => controller.abort());
    let shown = 0;
    const onProgress = (done: number, total: number): void => {
      const percent = Math.floor((100 * done) / total);
      if (percent === shown) return;
      progress.report({ message: `${percent} %`, increment: percent - shown });
      shown = percent;
    };
    try {
      return await task(onProgress, controller.signal);
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    }
  });
}

async function circumstances({ store, version, trouble, sync, journal }: CheckParts): Promise<Circumstances> {
  const { health, problem } = await healthOf(store);
  const storeTrouble = problem ?? trouble();
  const { state, queued, parked } = sync();
  return {
    versions: [
      ['NAVI', version],
      [vscode.env.appName, vscode.version],
      ['Node.js', process.versions.node],
      ['system', `${process.platform} ${process.arch} ${release()}`],
      ['window', windowKind()],
    ],
    ...health,
    ...(storeTrouble === undefined ? {} : { storeTrouble }),
    sync: { state, queued, parked },
    journal: journal(),
  };
}

/** A store that has stopped is what the report is about. */
async function healthOf(store: HealthStore): Promise<{ health?: StoreHealth; problem?: string }> {
  try {
    return { health: await store.health() };
  } catch (error) {
    if (error instanceof StoreError) return { problem: error.message };
    throw error;
  }
}

function windowKind(): string {
  const place = vscode.env.uiKind === vscode.UIKind.Web ? 'browser' : 'desktop';
  const { remoteName } = vscode.env;
  // `ssh-remote`, `wsl` and such; some editors put the address of a server here.
  const kind = /^[a-z][a-z-]*$/.test(remoteName ?? '') ? remoteName : 'remote';
  return remoteName === undefined ? place : `${place}, ${kind}`;
}

async function offer(
  { store, reports }: CheckParts,
  report: string,
  verdict: string,
  findings: readonly Finding[],
): Promise<void> {
  const [copy, restore, repair] = [
    vscode.l10n.t('Copy Report'),
    vscode.l10n.t('Restore from Backup'),
    vscode.l10n.t('Repair'),
  ];
  const problems = findings.filter(({ isProblem }) => isProblem);
  const [worst] = problems;
  const has = (remedy: Finding['remedy']): boolean => problems.some((finding) => finding.remedy === remedy);
  const canRestore = has('restore') && (await vscode.commands.getCommands(true)).includes(RESTORE);
  const actions = [...(canRestore ? [restore] : []), ...(has('repair') ? [repair] : []), copy];
  const answer =
    worst === undefined
      ? await vscode.window.showInformationMessage(vscode.l10n.t('NAVI: {0}', verdict), ...actions)
      : await vscode.window.showWarningMessage(
          vscode.l10n.t('NAVI: {0} {1} {2}', verdict, worst.what, worst.safe),
          ...actions,
        );
  if (answer === copy) await reports.copy(report);
  if (answer === restore) await vscode.commands.executeCommand(RESTORE);
  if (answer === repair) await repairDerived(store, findings);
}

async function repairDerived(store: HealthStore, findings: readonly Finding[]): Promise<void> {
  const isIndexWrong = findings.some(({ id }) => id === 'index');
  const changed = await store.repairDerived(isIndexWrong);
  const words = [
    vscode.l10n.t('NAVI: {0} conversations were put right.', changed),
    ...(isIndexWrong
      ? [vscode.l10n.t('The search index is being made anew; searches find more and more.')]
      : []),
  ];
  await vscode.window.showInformationMessage(words.join(' '));
}
