/** Reads what identifies a repository from git's own files, as text. Runs nothing and never throws. */

const MAX_REMOTES = 50;

/** The normalised URLs of all remotes in a git config, each once, without credentials. */
export function remotesIn(config: string): string[] {
  const found = new Set<string>();
  let isRemote = false;
  for (const raw of logicalLines(config)) {
    let line = raw.trim();
    const header = /^\[\s*([^\]"\s]+)(?:\s+"(?:[^"\\]|\\.)*")?\s*\]/.exec(line);
    if (header !== null) {
      isRemote = header[1]?.toLowerCase() === 'remote';
      line = line.slice(header[0].length).trim();
    }
    const url = isRemote ? /^url\s*=\s*(.*)$/i.exec(line)?.[1] : undefined;
    const key = url === undefined ? undefined : remoteKey(valueOf(url));
    if (key !== undefined) found.add(key);
    if (found.size === MAX_REMOTES) break;
  }
  return [...found].sort();
}

/** A backslash at the end of a line goes on with the next one. */
function logicalLines(config: string): string[] {
  return config.replace(/\\\r?\n/g, '').split(/\r?\n/);
}

/** Comments and quotes of a value. */
function valueOf(text: string): string {
  let value = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') {
      at += 1;
      value += text.charAt(at);
    } else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (char === '#' || char === ';')) break;
    else value += char;
  }
  return value.trim();
}

/**
 * One text for every way to write a remote: `git@github.com:Navra/navi.git` and `https://token@github.com/navra/navi/`
 * are both `github.com/navra/navi`. No user, password, port, query or case survives. Undefined for what names no host,
 * such as a path: it means something else on each machine.
 */
export function remoteKey(url: string): string | undefined {
  const text = url.trim();
  const place = text.includes('://') ? fromUrl(text) : fromScp(text);
  if (place === undefined) return undefined;
  const path = place.path
    .replace(/[?#].*$/, '')
    .replace(/\/+/g, '/')
    .replace(/^\/|\/$/g, '')
    .replace(/\.git$/i, '');
  return path === '' ? undefined : azure(place.host, path).toLowerCase();
}

interface Place {
  readonly host: string;
  readonly path: string;
}

function fromUrl(text: string): Place | undefined {
  const parts = /^(?:git\+)?(?:https?|ssh|git):\/\/([^/]*)\/(.*)$/is.exec(text);
  const [, authority, path] = parts ?? [];
  const host = authority?.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  return host === undefined || path === undefined || !isHost(host) ? undefined : { host, path };
}

/** `user@host:path`; a single letter before the colon is a drive of Windows. */
function fromScp(text: string): Place | undefined {
  const [, before, path] = /^([^/:]{2,}):(?!\/\/)(.+)$/s.exec(text) ?? [];
  const host = before?.slice(before.lastIndexOf('@') + 1);
  return host === undefined || path === undefined || !isHost(host) ? undefined : { host, path };
}

function isHost(host: string): boolean {
  return /^(?:[\p{L}\p{N}_.-]+|\[[0-9a-f:.]+\])$/iu.test(host);
}

/** Azure DevOps has different hosts and paths for ssh and https. */
function azure(host: string, path: string): string {
  if (!/^(?:ssh\.)?dev\.azure\.com$/i.test(host)) return `${host}/${path}`;
  return `dev.azure.com/${path.replace(/^v3\//i, '').replace('/_git/', '/')}`;
}

/**
 * The commit with which HEAD's log begins, as an object id: the same wherever the folder is moved. Undefined when the
 * log's beginning is gone (git drops entries after 90 days).
 */
export function firstCommitIn(headLog: string): string | undefined {
  return /^0{40,64} ([0-9a-f]{40}(?:[0-9a-f]{24})?) /.exec(headLog)?.[1];
}

/** The path that a `.git` file (of a linked work tree or submodule) points to; never a host of a network. */
export function gitDirIn(file: string): string | undefined {
  const path = /^gitdir:[ \t]*([^\r\n]+)/.exec(file)?.[1]?.trim();
  return path === undefined || /^[/\\]{2}/.test(path) ? undefined : path;
}
