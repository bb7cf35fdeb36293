/** Activities, command panels and attachments as they cross borders: in a backend's metadata and through the extension API. */
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

export const attachmentSchema = z.object({
  id: z.string().min(1).max(1_000),
  kind: z.enum(['file', 'selection', 'image', 'text']),
  name: z.string(),
  mime: z.string(),
  size: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  path: z.exactOptional(z.string()),
  language: z.exactOptional(z.string()),
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
