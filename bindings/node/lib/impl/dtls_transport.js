'use strict';

const {dispatch, implFor} = require('../wrapping.js');
const IceTransportImpl = require('./ice_transport.js');

class DtlsTransportImpl {
  #native;
  #ice;

  constructor(native) {
    this.#native = native;
    // Made at once and kept, so that listeners on it live as long as this transport.
    this.#ice = implFor('RTCIceTransport', native.iceTransport(), IceTransportImpl);
    native.onevent = (type, error) => {
      const RTCErrorEvent = require('../generated/RTCErrorEvent.js');
      dispatch(this, type === 'error' ? new RTCErrorEvent(type, {error}) : new Event(type));
    };
  }

  get iceTransport() { return this.#ice.wrapper; }
  get state() { return this.#native.state(); }
  get closeReason() { return this.#native.closeReason(); }
  getRemoteCertificates() { return this.#native.remoteCertificates(); }
}

module.exports = DtlsTransportImpl;
