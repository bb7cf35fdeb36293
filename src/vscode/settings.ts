import * as vscode from 'vscode';
import * as z from 'zod';
import type { Appearance } from '../protocol/panel.ts';
import type { ProxySettings } from '../http/proxy.ts';

/** NAVI's settings as they are now; a value of the wrong type counts as not set. */
export interface Settings {
  readonly backendUrl: string;
  readonly orgId: string;
  readonly userId: string;
  readonly isSyncEnabled: boolean;
  readonly responder: 'auto' | 'navi' | 'openai';
  readonly openaiBaseUrl: string;
  readonly model: string;
  /** Days after which the trash is emptied by itself; 0: never. */
  readonly trashDays: number;
  /** Days without a word after which a conversation goes to the trash; 0: never. */
  readonly retentionDays: number;
}

const text = z.string().trim().catch('');
/** What makes no sense must never delete anything. */
const days = z.int().min(0).max(36_500).catch(0);
const settingsSchema = z.object({
  backendUrl: text,
  orgId: text,
  userId: text,
  isSyncEnabled: z.boolean().catch(true),
  responder: z.enum(['auto', 'navi', 'openai']).catch('auto'),
  openaiBaseUrl: text,
  model: text,
  trashDays: days,
  retentionDays: days,
});

export function readSettings(): Settings {
  const navi = vscode.workspace.getConfiguration('navi');
  return settingsSchema.parse({
    backendUrl: navi.get('backend.url'),
    orgId: navi.get('backend.orgId'),
    userId: navi.get('backend.userId'),
    isSyncEnabled: navi.get('sync.enabled'),
    responder: navi.get('chat.responder'),
    openaiBaseUrl: navi.get('chat.openaiBaseUrl'),
    model: navi.get('chat.model'),
    trashDays: navi.get('trash.days'),
    retentionDays: navi.get('retention.days'),
  });
}

const proxySchema = z.object({
  proxy: text,
  noProxy: z.array(z.string()).catch([]),
  strictSSL: z.boolean().catch(true),
  systemCertificates: z.boolean().catch(true),
  authorization: z.string().nullish().catch(undefined),
  support: z.string().catch('override'),
});

/**
 * The editor's own settings for the way to a server, and the environment. `isRemote`: this extension host runs on the
 * machine that the window is connected to, not on the user's. `http.experimental.systemCertificatesV2` changes only how
 * the editor itself hands the same certificates on, so it is not read.
 */
export function readProxySettings(isRemote: boolean): ProxySettings {
  const http = vscode.workspace.getConfiguration('http');
  const value = (key: string): unknown => (isRemote ? http.get(key) : ownValue(http, key));
  const read = proxySchema.parse({
    proxy: value('proxy'),
    noProxy: value('noProxy'),
    strictSSL: value('proxyStrictSSL'),
    systemCertificates: value('systemCertificates'),
    authorization: value('proxyAuthorization'),
    support: value('proxySupport'),
  });
  return {
    proxy: read.proxy,
    noProxy: read.noProxy,
    strictSSL: read.strictSSL,
    systemCertificates: read.systemCertificates,
    ...(read.authorization == null || read.authorization === '' ? {} : { authorization: read.authorization }),
    isProxyUsed: read.support !== 'off',
    environment: process.env,
  };
}

/** As far as the published type goes it does not exist; the editor's own extension host reads it for the same purpose. */
const ownSchema = z.object({ globalLocalValue: z.unknown(), defaultValue: z.unknown() });

/** In a window that is connected to another machine, that machine's settings go before the user's: not for us here. */
function ownValue(http: vscode.WorkspaceConfiguration, key: string): unknown {
  const found: unknown = http.inspect(key);
  if (typeof found !== 'object' || found === null || !('globalLocalValue' in found)) return http.get(key);
  const { globalLocalValue, defaultValue } = ownSchema.parse(found);
  return globalLocalValue ?? defaultValue;
}

const appearanceSchema = z.object({
  fontSize: z.number().min(6).max(100).optional().catch(undefined),
  fontFamily: z.string().max(1_000).optional().catch(undefined),
});

/** The font that the user chose for the editor's own chats. */
export function readAppearance(): Appearance {
  const chat = vscode.workspace.getConfiguration('chat');
  const { fontSize, fontFamily } = appearanceSchema.parse({
    fontSize: chat.get('fontSize'),
    fontFamily: chat.get('fontFamily'),
  });
  return {
    ...(fontSize === undefined ? {} : { fontSize }),
    ...(fontFamily === undefined || fontFamily === 'default' ? {} : { fontFamily }),
  };
}

/** Calls back after each change of NAVI's settings, the editor's proxy settings or its font for chats. */
export function onDidChangeSettings(changed: {
  navi: () => void;
  proxy: () => void;
  appearance: () => void;
}): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('http')) changed.proxy();
    if (event.affectsConfiguration('chat.fontSize') || event.affectsConfiguration('chat.fontFamily')) {
      changed.appearance();
    }
    if (event.affectsConfiguration('navi')) changed.navi();
  });
}
