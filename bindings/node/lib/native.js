'use strict';

// Finds and loads the addon, and tells it how to make the exceptions of this realm.

const path = require('node:path');
const fs = require('node:fs');

function load() {
  const chosen = process.env.PARLEY_NODE_BINARY;
  if (chosen) return require(path.resolve(chosen));
  const root = path.join(__dirname, '..');
  const places = ['build/parley.node', 'build/Release/parley.node'].map((each) => path.join(root, each));
  const found = places.find((each) => fs.existsSync(each));
  if (!found) {
    throw new Error(`parley.node is missing: build the target parley_node (looked for ${places.join(', ')})`);
  }
  return require(found);
}

const native = load();

native.setUp({
  makeException(name, message) {
    if (name === 'TypeError') return new TypeError(message);
    if (name === 'RangeError') return new RangeError(message);
    return new DOMException(message, name);
  },
  makeRtcError(message, init) {
    const RTCError = require('./generated/RTCError.js');
    return new RTCError(init, message);
  },
});

// process.exit() runs no clean-up of environments: say goodbye to the peers here.
process.on('exit', () => native.shutDown());

module.exports = native;
