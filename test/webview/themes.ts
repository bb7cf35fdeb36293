import { readFileSync } from 'node:fs';
import * as z from 'zod';

export const THEMES = [
  'light',
  'dark',
  'lightModern',
  'darkModern',
  'highContrast',
  'highContrastLight',
] as const;
export type Theme = (typeof THEMES)[number];

const dressSchema = z.object({ bodyClass: z.string(), variables: z.record(z.string(), z.string()) });

/** What the editor says about its theme: a class for the body and custom properties for the page. */
export type Dress = z.infer<typeof dressSchema>;

/** The values that the editor's own themes have for the tokens that the panel uses. */
export const themes: Readonly<Record<Theme, Dress>> = z
  .record(z.enum(THEMES), dressSchema)
  .parse(JSON.parse(readFileSync(new URL('themes.json', import.meta.url), 'utf8')));
