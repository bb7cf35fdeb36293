import './styles/icons.css';
import './styles/base.css';
import './styles/list.css';
import './styles/organise.css';
import './styles/search.css';
import './styles/trash.css';
import './styles/conversation.css';
import './styles/markdown.css';
import './styles/composer.css';
import './styles/status.css';
import { announcements } from './announcements.ts';
import { Announcer } from './announcer.ts';
import './elements/app.ts';
import { receiveText } from './elements/cutText.ts';
import { connectHost } from './host.ts';
import { listenToContent } from './links.ts';
import type { Snapshot } from '../protocol/panel.ts';
import { accept } from './snapshots.ts';

const host = connectHost();
const root = document.getElementById('app');
if (!root) throw new Error('The page has no place for the panel.');

const app = document.createElement('navi-app');
app.host = host;
const announcer = new Announcer();
root.append(app, announcer.region);
listenToContent(root, host.post, (text) => announcer.announce([text]));

window.addEventListener('message', (event) => {
  const message = accept(app.snapshot, event.data);
  switch (message.type) {
    case 'snapshot':
      announcer.announce(announcements(app.snapshot, message.snapshot));
      app.snapshot = message.snapshot;
      dress(message.snapshot.appearance);
      break;
    case 'focus':
      app.focusOn(message.target);
      break;
    case 'text':
      receiveText(message);
      break;
    case 'stale':
      break;
    case 'unknown':
      console.warn('NAVI: a message of an unknown kind was ignored.');
  }
});
host.post({ type: 'ready' });

/** What the user chose for chats; the theme's own values where nothing is set. */
function dress({ fontSize, fontFamily }: NonNullable<Snapshot['appearance']> = {}): void {
  const { style } = document.documentElement;
  if (fontSize === undefined) style.removeProperty('--navi-chat-font-size');
  else style.setProperty('--navi-chat-font-size', `${fontSize}px`);
  if (fontFamily === undefined) style.removeProperty('--navi-chat-font-family');
  else style.setProperty('--navi-chat-font-family', fontFamily);
}
