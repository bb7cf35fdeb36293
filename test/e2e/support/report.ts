import { until } from '../../vscode/until.ts';
import type { Workbench } from '../../vscode/workbench.ts';

/** What a click on Copy Report puts on the clipboard; the report is open. */
export async function copyReport({ page }: Workbench): Promise<string> {
  await page.locator('.codelens-decoration a').filter({ hasText: 'Copy Report' }).click();
  return until(
    async () => {
      const text = await page.evaluate(() => navigator.clipboard.readText());
      return text.startsWith('# NAVI: Sync Status') ? text : undefined;
    },
    { what: 'the report on the clipboard' },
  );
}
