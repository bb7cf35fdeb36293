import './styles/icons.css';
import './styles/base.css';
import './styles/list.css';
import './styles/conversation.css';
import './styles/markdown.css';
import './styles/composer.css';
import './styles/status.css';
import { announcements } from './announcements.ts';
import { Announcer } from './announcer.ts';
import './elements/app.ts';
import { connectHost } from './host.ts';
import { listenToContent } from './links.ts';
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
      break;
    case 'focus':
      app.focusOn(message.target);
      break;
    case 'stale':
      break;
    case 'unknown':
      console.warn('NAVI: a message of an unknown kind was ignored.');
  }
});
host.post({ type: 'ready' });
