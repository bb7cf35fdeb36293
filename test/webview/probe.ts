/** Runs in a page of its own: lets a test see what the sanitiser makes of HTML that the renderer would never write. */
import { sanitise } from '../../src/webview/markdown/sanitise.ts';

declare global {
  interface Window {
    drawSanitised: (html: string) => string;
  }
}

window.drawSanitised = (html) => {
  const place = document.createElement('div');
  place.append(sanitise(html));
  document.body.replaceChildren(place);
  return place.innerHTML;
};
