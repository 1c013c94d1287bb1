'use strict';

const native = require('../native.js');
const registry = require('../registry.js');

// The addon parses the candidate-attribute; the fields have the names of the attributes.
class IceCandidateImpl {
  constructor(wrapper, init) {
    this.wrapper = wrapper;
    Object.assign(this, native.parseCandidate(init));
  }

  toJSON() {
    const {candidate, sdpMid, sdpMLineIndex, usernameFragment} = this;
    return {candidate, sdpMid, sdpMLineIndex, usernameFragment};
  }

  static fromFields(fields) {
    const impl = Object.assign(Object.create(IceCandidateImpl.prototype), fields);
    return registry.create('RTCIceCandidate', impl);
  }
}

module.exports = IceCandidateImpl;
