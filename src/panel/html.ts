export interface PanelSources {
  readonly script: string;
  readonly style: string;
  /** What the webview calls its own resources in a content security policy. */
  readonly cspSource: string;
  readonly nonce: string;
  readonly title: string;
}

/** The whole page of the panel: no inline script or style, nothing from the network. */
export function panelHtml({ script, style, cspSource, nonce, title }: PanelSources): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${style}" />
    <title>${title}</title>
  </head>
  <body>
    <div id="app"></div>
    <script type="module" nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`;
}
