'use strict';

const native = require('./native.js');
const registry = require('./registry.js');
const dictionaries = require('./generated/dictionaries.js');
const classes = require('./generated/index.js');
const PeerConnectionImpl = require('./impl/peer_connection.js');

// What W3C does not have is here, and not among the classes' constructors.
const nonstandard = {
  createPeerConnection(configuration = undefined, tuning = undefined) {
    const what = 'createPeerConnection: argument';
    const impl = new PeerConnectionImpl(undefined,
        dictionaries.RTCConfiguration(configuration, `${what} 1`),
        dictionaries.ParleyTuning(tuning, `${what} 2`));
    return registry.create('RTCPeerConnection', impl);
  },
};

function releaseReport() {
  return new Promise((resolve) => native.releaseReport(resolve));
}

module.exports = {...classes, nonstandard, releaseReport, version: Object.freeze(native.version())};
