/** Cuts SQL at semicolons that end a line, outside a trigger's body. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = [];
  let open = '';
  for (const part of sql.split(/(?<=;)[ \t]*\n/)) {
    open += `${part}\n`;
    const isInTrigger = /CREATE (TEMP )?TRIGGER/i.test(open) && !/\bEND\s*;\s*$/i.test(open);
    if (isInTrigger) continue;
    statements.push(open);
    open = '';
  }
  return [...statements, open].filter((statement) => statement.trim() !== '');
}
