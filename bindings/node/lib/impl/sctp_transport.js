'use strict';

const {dispatch, implFor} = require('../wrapping.js');
const DtlsTransportImpl = require('./dtls_transport.js');

class SctpTransportImpl {
  #native;
  #dtls;

  constructor(native) {
    this.#native = native;
    this.#findTransport();
    native.onevent = (type) => dispatch(this, new Event(type));
  }

  // Kept, so that listeners on it live as long as this transport; BUNDLE may put another there.
  #findTransport() {
    this.#dtls = implFor('RTCDtlsTransport', this.#native.transport(), DtlsTransportImpl);
    return this.#dtls;
  }

  get transport() { return this.#findTransport().wrapper; }
  get state() { return this.#native.state(); }
  get maxMessageSize() { return this.#native.maxMessageSize(); }
  get maxChannels() { return this.#native.maxChannels(); }
}

module.exports = SctpTransportImpl;
