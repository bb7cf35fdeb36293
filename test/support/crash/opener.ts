/** Opens a file as a host does, migrating it, and leaves. Usage: node opener.ts '{"file":"navi.db"}' */
import { openStore } from '../../../src/store/sqlite/open.ts';

const { file } = JSON.parse(process.argv[2] ?? '') as { file: string };
const { connection, cannotWrite } = openStore(file, { now: Date.now }, () => undefined);
connection.close();
if (cannotWrite !== undefined) throw new Error(cannotWrite);
