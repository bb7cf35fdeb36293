/** TLS in front of a plain server on the loopback interface, as an ingress does it. */
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import { listen, type RunningServer } from '../http/servers.ts';
import type { Identity } from './authority.ts';

/** `address`: of the plain server, e.g. `http://127.0.0.1:8787`; it is asked by that name. */
export function startTlsFront(address: string, identity: Identity): Promise<RunningServer> {
  const { hostname, port, host } = new URL(address);
  const server = createServer(identity, (request, response) => {
    const { method, url: path } = request;
    const headers = { ...request.headers, host };
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  return listen(server, 'https');
}
