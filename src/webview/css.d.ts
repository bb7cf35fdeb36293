/** Style sheets are imported for their effect: the bundler collects them into webview.css. */
declare module '*.css';
