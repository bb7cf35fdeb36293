/** A reply with all that Markdown has. */
export const REPLY = `The request times out because the pool is **exhausted**: each handler takes a connection and keeps it while it waits for the next one.

## What to change

1. Take the connection *after* the input is checked.
2. Release it before calling \`fetchProfile()\`.
   - It opens its own.
   - It can be slow.

\`\`\`ts
// The connection is given back at the end of the block.
export async function handle(request: Request): Promise<Response> {
  const input = schema.parse(await request.json());
  using connection = await pool.take({ timeoutMs: 2_000 });
  return respond(await connection.query(input));
}
\`\`\`

| setting | before | after |
| --- | ---: | ---: |
| \`pool.max\` | 10 | 10 |
| waiting | 240 | 3 |

> Raising the limit would only have hidden it.

See [the notes on pools](https://example.com/pools) and the picture ![a graph](https://example.com/graph.png).`;
