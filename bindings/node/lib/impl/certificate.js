'use strict';

const native = require('../native.js');
const dictionaries = require('../generated/dictionaries.js');
const webidl = require('../webidl.js');
const {implFor} = require('../wrapping.js');

const day = 24 * 60 * 60 * 1000;
const defaultLifetime = 30 * day;
const longestLifetime = 365 * day;

class CertificateImpl {
  constructor(nativeCertificate) {
    this.native = nativeCertificate;
  }

  get expires() { return this.native.expires(); }
  getFingerprints() { return this.native.fingerprints(); }
  toPem() { return this.native.certificatePem(); }
  privateKeyToPem() { return this.native.privateKeyPem(); }

  static of(nativeCertificate) {
    return implFor('RTCCertificate', nativeCertificate, CertificateImpl).wrapper;
  }

  static fromPem(certificate, privateKey) {
    return CertificateImpl.of(native.certificateFromPem(certificate, privateKey));
  }

  // webrtc-pc 4.9, generateCertificate
  static async generate(keygenAlgorithm) {
    let lifetime = defaultLifetime;
    if (webidl.isObject(keygenAlgorithm)) {
      const {expires} = dictionaries.RTCCertificateExpiration(keygenAlgorithm, 'generateCertificate: argument 1');
      if (expires !== undefined) lifetime = Math.min(expires, longestLifetime);
    }
    const algorithm = normalize(keygenAlgorithm);
    const made = await new Promise((resolve, reject) => {
      native.generateCertificate(algorithm, Math.ceil(lifetime / 1000), resolve, reject);
    });
    return CertificateImpl.of(made);
  }
}

const notSupported = (what) => new DOMException(`${what} is not supported for certificates`, 'NotSupportedError');

// Web Cryptography "normalize an algorithm", for the two algorithms DTLS takes.
function normalize(algorithm) {
  const given = webidl.isObject(algorithm) ? algorithm : {name: algorithm};
  const member = (name) => {
    const value = given[name];
    if (value === undefined) webidl.missing(`generateCertificate: member ${name}`);
    return value;
  };
  const name = webidl.domString(member('name')).toUpperCase();
  if (name === 'ECDSA') {
    const curve = webidl.domString(member('namedCurve'));
    if (curve !== 'P-256') throw notSupported(`the curve ${curve}`);
    return 'ecdsa';
  }
  if (name !== 'RSASSA-PKCS1-V1_5') throw notSupported(name);

  const hash = member('hash');
  const hashName = webidl.domString(webidl.isObject(hash) ? hash.name : hash).toUpperCase();
  const length = webidl.integer(member('modulusLength'), 32, false, true, 'modulusLength');
  const exponent = member('publicExponent');
  if (!(exponent instanceof Uint8Array)) throw new TypeError('publicExponent is not a Uint8Array.');
  if (hashName !== 'SHA-256') throw notSupported(`the hash ${hashName}`);
  if (length !== 2048) throw notSupported(`a modulus of ${length} bits`);
  if (exponent.reduce((number, byte) => number * 256 + byte, 0) !== 65537) {
    throw notSupported('this public exponent');
  }
  return 'rsa';
}

module.exports = CertificateImpl;
