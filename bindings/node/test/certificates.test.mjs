import assert from 'node:assert/strict';
import {X509Certificate} from 'node:crypto';
import test from 'node:test';
import {RTCCertificate, RTCPeerConnection} from '../index.mjs';
import {connect, peer} from './peers.mjs';

const ecdsa = {name: 'ECDSA', namedCurve: 'P-256'};
const publicExponent = new Uint8Array([1, 0, 1]);
const rsa = {name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent, hash: 'SHA-256'};

test('generateCertificate makes certificates of both kinds', async () => {
  for (const [algorithm, kind] of [[ecdsa, 'ec'], [rsa, 'rsa'], [{...rsa, hash: {name: 'sha-256'}}, 'rsa']]) {
    const before = Date.now();
    const certificate = await RTCPeerConnection.generateCertificate(algorithm);
    assert.ok(certificate instanceof RTCCertificate);
    assert.ok(certificate.expires > before + 29 * 24 * 3600 * 1000);
    const parsed = new X509Certificate(certificate.toPem());
    assert.equal(parsed.publicKey.asymmetricKeyType, kind);
    const [fingerprint] = certificate.getFingerprints();
    assert.equal(fingerprint.algorithm, 'sha-256');
    assert.equal(fingerprint.value.toUpperCase(), parsed.fingerprint256);
  }
});

test('generateCertificate obeys and caps expires', async () => {
  const soon = await RTCPeerConnection.generateCertificate({...ecdsa, expires: 60_000});
  assert.ok(soon.expires < Date.now() + 3600_000);
  const late = await RTCPeerConnection.generateCertificate({...ecdsa, expires: 2 ** 50});
  assert.ok(late.expires <= Date.now() + 366 * 24 * 3600_000);
});

test('generateCertificate refuses what it cannot make', async () => {
  for (const wrong of ['ECDSA', {}, {name: 'ECDSA'}, {name: 'RSASSA-PKCS1-v1_5'}, {...ecdsa, expires: -1},
    {...rsa, publicExponent: [1, 0, 1]}]) {
    await assert.rejects(RTCPeerConnection.generateCertificate(wrong), {name: 'TypeError'});
  }
  for (const unknown of ['HMAC', {name: 'AES-CBC', length: 128}, {...ecdsa, namedCurve: 'P-521'},
    {...rsa, modulusLength: 1024}, {...rsa, hash: 'SHA-1'}, {...rsa, publicExponent: new Uint8Array([3])}]) {
    await assert.rejects(RTCPeerConnection.generateCertificate(unknown), {name: 'NotSupportedError'});
  }
});

test('a certificate survives PEM and is what the peer sees', async () => {
  const made = await RTCPeerConnection.generateCertificate(ecdsa);
  const certificate = RTCCertificate.fromPem(made.toPem(), made.privateKeyToPem());
  assert.deepEqual(certificate.getFingerprints(), made.getFingerprints());
  assert.throws(() => RTCCertificate.fromPem('x', 'y'), {name: 'InvalidAccessError'});
  assert.throws(() => RTCCertificate.fromPem(made.toPem()), {name: 'TypeError'});

  const {one, other, close} = await connect({one: peer({certificates: [certificate]})});
  assert.equal(one.getConfiguration().certificates[0], certificate);
  const [seen] = other.sctp.transport.getRemoteCertificates();
  assert.equal(new X509Certificate(Buffer.from(seen)).fingerprint256, new X509Certificate(made.toPem()).fingerprint256);
  close();
});
