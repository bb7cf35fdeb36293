import { networkInterfaces } from 'node:os';

/** The addresses that this machine has in networks, in words that change when they do; empty without any network. */
export function networkNow(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses
    .filter(({ internal }) => !internal)
    .map(({ cidr, address }) => cidr ?? address)
    .toSorted()
    .join(' ');
}
