/** Certificate authorities and the certificates they sign, made while a test runs: no key lies in the repository. */
import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Identity {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** What a machine has to trust, PEM. */
  readonly certificate: string;
  /** A server's certificate for names and IPv4 addresses. Default: valid from yesterday for ten days. */
  issue(names: readonly string[], validity?: Validity): Identity;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

const DAY_MS = 86_400_000;
const soon = (): Validity => ({
  from: new Date(Date.now() - DAY_MS),
  to: new Date(Date.now() + 10 * DAY_MS),
});

export function makeAuthority(name = 'NAVI test authority'): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name, key: own.privateKey };
  const constraints = extension(OID.basicConstraints, sequence(boolean(true)), true);
  return {
    certificate: certificate(issuer, name, own.publicKey, soon(), [constraints]),
    issue: (names, validity = soon()) => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alternatives = extension(OID.subjectAltName, sequence(...names.map(generalName)));
      return {
        key: pem('PRIVATE KEY', privateKey.export({ type: 'pkcs8', format: 'der' })),
        cert: certificate(issuer, names[0] ?? name, publicKey, validity, [alternatives]),
      };
    },
  };
}

/** A server's certificate that only itself vouches for. */
export function makeSelfSigned(names: readonly string[]): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [name = 'nobody'] = names;
  const extensions = [
    extension(OID.subjectAltName, sequence(...names.map(generalName))),
    extension(OID.basicConstraints, sequence(boolean(true)), true),
  ];
  return {
    key: pem('PRIVATE KEY', privateKey.export({ type: 'pkcs8', format: 'der' })),
    cert: certificate({ name, key: privateKey }, name, publicKey, soon(), extensions),
  };
}

/** X.509 v3 (RFC 5280), signed with ECDSA and SHA-256. */
function certificate(
  issuer: { readonly name: string; readonly key: KeyObject },
  subject: string,
  key: KeyObject,
  { from, to }: Validity,
  extensions: readonly Buffer[],
): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    commonName(issuer.name),
    sequence(time(from), time(to)),
    commonName(subject),
    createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  return pem('CERTIFICATE', sequence(body, algorithm, bits(sign('sha256', body, issuer.key))));
}

const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
};

// DER: a tag, a length, the content.
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 255 : 0]));
const octets = (content: Buffer): Buffer => tagged(0x04, content);
const bits = (content: Buffer): Buffer => tagged(0x03, Buffer.concat([Buffer.from([0]), content]));
const commonName = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(oid(OID.commonName), tagged(0x0c, Buffer.from(name)))));
/** GeneralizedTime: yyyymmddhhmmssZ. */
const time = (at: Date): Buffer =>
  tagged(0x18, Buffer.from(`${at.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`));
const extension = (id: string, content: Buffer, isCritical = false): Buffer =>
  sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(content));

function generalName(name: string): Buffer {
  return /^[\d.]+$/.test(name)
    ? tagged(0x87, Buffer.from(name.split('.').map(Number)))
    : tagged(0x82, Buffer.from(name));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
