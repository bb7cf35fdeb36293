import assert from 'node:assert/strict';
import { commands, extensions, workspace } from 'vscode';
import * as z from 'zod';

const manifestSchema = z.object({
  contributes: z.object({
    commands: z.array(z.object({ command: z.string() })),
    configuration: z.object({ properties: z.record(z.string(), z.object({ scope: z.string() })) }),
  }),
});

function navi() {
  const extension = extensions.getExtension('navralabs.navi');
  assert.ok(extension, 'the extension is not installed');
  return extension;
}

describe('NAVI in an extension host', () => {
  it('activates', async () => {
    await navi().activate();
    assert.equal(navi().isActive, true);
  });

  it('registers every command that its manifest offers', async () => {
    await navi().activate();
    const { contributes } = manifestSchema.parse(navi().packageJSON);
    const registered = new Set(await commands.getCommands(true));
    const missing = contributes.commands
      .map((one) => one.command)
      .filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
    assert.ok(contributes.commands.length > 0);
  });

  it('lets no folder change a setting: all are of scope application', async () => {
    const { properties } = manifestSchema.parse(navi().packageJSON).contributes.configuration;
    const others = Object.entries(properties).filter(([, property]) => property.scope !== 'application');
    assert.deepEqual(others, []);
    for (const name of Object.keys(properties)) {
      const known = workspace.getConfiguration().inspect(name);
      assert.ok(known?.defaultValue !== undefined, `${name} is not known to the editor`);
    }
  });
});
