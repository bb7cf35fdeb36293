// The layers of src/, as rules. A rule's comment says which accident it prevents.
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const only = (path) => `^src/(?!(${path}))`;

export default {
  forbidden: [
    forbid('no-circular', 'A cycle has no layers.', {}, { circular: true }),
    forbid('no-unresolved', 'A typo in an import.', {}, { couldNotResolve: true, pathNot: '^vscode$' }),
    forbid(
      'model-is-pure',
      'The model imports nothing but itself and the hash function of the platform.',
      { path: '^src/model' },
      { pathNot: '^src/model|^(node:)?crypto$' },
    ),
    forbid(
      'protocol-knows-model-and-zod',
      'What crosses a border must not pull an implementation across it.',
      { path: '^src/protocol' },
      { pathNot: '^src/(protocol|model)|node_modules/zod/' },
    ),
    forbid(
      'store-layer',
      'The store knows no sync, chat, panel or editor.',
      { path: '^src/store' },
      { path: '^src/(sync|chat|panel|portability|vscode|server|webview|http)' },
    ),
    forbid(
      'sync-layer',
      'Sync uses the interfaces of the store, never SQLite.',
      { path: '^src/sync' },
      { path: '^src/(store/(sqlite|memento)|chat|panel|portability|vscode|server|webview)' },
    ),
    forbid(
      'chat-layer',
      'A chat turn uses the interface of the store.',
      { path: '^src/chat' },
      { path: '^src/(store/(sqlite|memento)|sync|panel|portability|vscode|server|webview)' },
    ),
    forbid(
      'panel-layer',
      'The panel turns intents into calls on interfaces.',
      { path: '^src/panel' },
      { path: '^src/(store/sqlite|sync|chat/http|portability|vscode|server|webview)' },
    ),
    forbid(
      'portability-layer',
      'Export and import use the interface of the store.',
      { path: '^src/portability' },
      { path: '^src/(store/(sqlite|memento)|sync|chat|panel|vscode|server|webview)' },
    ),
    forbid(
      'http-layer',
      'The HTTP client knows nothing of what it carries.',
      { path: '^src/http' },
      { path: '^src/(?!http)' },
    ),
    forbid(
      'webview-draws',
      'The webview reaches the host only through the panel protocol.',
      { path: '^src/webview' },
      { path: '^src/(?!webview|protocol/panel\\.ts|model)' },
    ),
    forbid(
      'webview-takes-types-from-the-model',
      'The model at run time would pull node:crypto into a browser.',
      { path: '^src/webview' },
      { path: '^src/model', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'server-is-separate',
      'The server shares the protocol and the model with the extension, nothing else.',
      { path: '^src/server' },
      { path: '^src/(?!server|protocol/(api|abilities|archive)\\.ts|model)' },
    ),
    forbid(
      'nobody-imports-the-server',
      'The server is never shipped in the extension.',
      { path: '^src/(?!server)' },
      { path: '^src/server' },
    ),
    forbid(
      'vscode-at-the-edge',
      'Only the edge knows the editor, so that the rest runs in plain Node.',
      { path: only('extension\\.ts|vscode/|panel/view\\.ts|store/memento/|chat/languageModel\\.ts') },
      { path: '^vscode$', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'sqlite-in-its-folder',
      'One place owns connections.',
      { path: only('store/sqlite/|server/') },
      { path: '^(node:)?sqlite$' },
    ),
    forbid(
      'undici-in-http',
      'One place owns sockets.',
      { path: '^src', pathNot: ['^src/http/', '^src/[a-z]+/http/'] },
      { path: 'node_modules/undici/' },
    ),
    forbid(
      'packages-of-the-webview',
      'What draws stays in the webview.',
      { path: only('webview/') },
      { path: 'node_modules/(lit|marked|dompurify|highlight\.js|@vscode/codicons)/' },
    ),
    forbid(
      'packages-of-the-server',
      'What serves stays in the server.',
      { path: only('server/') },
      { path: 'node_modules/(fastify|kysely|pg|pino|jose|prom-client|@fastify)/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'src/tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
