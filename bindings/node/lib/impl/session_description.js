'use strict';

const registry = require('../registry.js');

// A value; both the constructor's dictionary and what a connection holds look the same.
class SessionDescriptionImpl {
  constructor(wrapper, init) {
    this.wrapper = wrapper;
    this.type = init.type;
    this.sdp = init.sdp;
  }
}

// webrtc-pc: the attributes of a connection give the same object as long as its text is the same.
class DescriptionCache {
  #known = [];

  get(value) {
    if (!value) return null;
    const same = this.#known.find((each) => each.type === value.type && each.sdp === value.sdp);
    if (same) return same.wrapper;
    const impl = new SessionDescriptionImpl(undefined, value);
    this.#known.unshift(impl);
    this.#known.length = Math.min(this.#known.length, 2);  // a current and a pending one
    return registry.create('RTCSessionDescription', impl);
  }
}

module.exports = SessionDescriptionImpl;
module.exports.DescriptionCache = DescriptionCache;
