/** Activities and command panels as they cross borders: in a backend's metadata and through the extension API. */
import * as z from 'zod';

const runStateSchema = z.enum(['running', 'done', 'error', 'interrupted']);
const extraSchema = z.exactOptional(z.record(z.string(), z.json()));

export const activitySchema = z.object({
  id: z.string().min(1),
  kind: z.string(),
  label: z.string(),
  status: runStateSchema,
  detail: z.exactOptional(z.string()),
  filePath: z.exactOptional(z.string()),
  extra: extraSchema,
});

export const commandSchema = z.object({
  id: z.string().min(1),
  command: z.string(),
  output: z.string(),
  status: runStateSchema,
  cwd: z.exactOptional(z.string()),
  exitCode: z.exactOptional(z.number()),
  durationMs: z.exactOptional(z.number()),
  truncated: z.exactOptional(z.boolean()),
  extra: extraSchema,
});
