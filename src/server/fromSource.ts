/**
 * Starts main.ts from source. There it is hundreds of small files: compiled once and kept, they start in half the time. They
 * are kept beside the packages, where only the owner of this folder writes. The built server is one file and needs none of it.
 */
import { enableCompileCache } from 'node:module';
import path from 'node:path';

enableCompileCache(path.join(import.meta.dirname, '../../node_modules/.cache/navi-server'));
await import('./main.ts');
