'use strict';

const {dispatch} = require('../wrapping.js');
const BlobSender = require('../blob_sender.js');

class DataChannelImpl {
  #native;
  #connection;
  #blobs;
  #receivers = new Set();  // what ends the promises of receive() when the connection is closed

  binaryType = 'arraybuffer';

  constructor(native, connection) {
    this.#native = native;
    this.#connection = connection;
    this.#blobs = new BlobSender(native);
    native.onevent = (type, value) => this.#on(type, value);
  }

  get label() { return this.#native.label(); }
  get ordered() { return this.#native.ordered(); }
  get maxPacketLifeTime() { return this.#native.maxPacketLifeTime(); }
  get maxRetransmits() { return this.#native.maxRetransmits(); }
  get protocol() { return this.#native.protocol(); }
  get negotiated() { return this.#native.negotiated(); }
  get id() { return this.#native.id(); }
  get priority() { return this.#native.priority(); }
  get bufferedAmount() { return this.#native.bufferedAmount() + this.#blobs.bytes; }
  get bufferedAmountLowThreshold() { return this.#native.bufferedAmountLowThreshold(); }
  set bufferedAmountLowThreshold(value) { this.#native.setBufferedAmountLowThreshold(value); }
  get receivingPaused() { return this.#native.isReceivingPaused(); }

  get readyState() {
    const state = this.#native.readyState();
    return state === 'open' && this.#blobs.isClosing ? 'closing' : state;
  }

  send(data) {
    if (this.readyState !== 'open') {
      throw new DOMException(`the channel is ${this.readyState}, not open`, 'InvalidStateError');
    }
    if (!this.#blobs.isBusy && !(data instanceof Blob)) {
      this.#native.send(data);
      return;
    }
    const limit = this.#connection.maxMessageSize;
    if (BlobSender.sizeOf(data) > limit) {
      throw new TypeError(`the message is longer than the ${limit} bytes the peer takes`);
    }
    this.#blobs.add(data);
  }

  close() {
    if (this.#blobs.isBusy) this.#blobs.closeAfterwards();
    else this.#native.close();
  }

  pauseReceiving() { this.#native.pauseReceiving(); }
  resumeReceiving() { this.#native.resumeReceiving(); }

  drained() {
    return new Promise((resolve, reject) => this.#native.drained(() => resolve(undefined), reject));
  }

  // The next message, or null once there will be none.
  receive() {
    return new Promise((resolve, reject) => {
      if (this.#connection.isClosed) {
        resolve(null);
        return;
      }
      const end = () => resolve(null);
      this.#receivers.add(end);
      const settled = (settle) => (value) => {
        this.#receivers.delete(end);
        settle(value);
      };
      this.#native.receive(
          settled((data) => resolve(data === undefined ? null : this.#typed(data))), settled(reject));
    });
  }

  // for await (const message of channel): a message is taken when the loop asks for it, so a slow
  // reader slows the sender.
  iterate() {
    let isDone = false;
    const end = (value) => {
      isDone = true;
      return {value, done: true};
    };
    return {
      next: async () => {
        const value = isDone ? null : await this.receive();
        return value === null ? end(undefined) : {value, done: false};
      },
      return: async (value) => end(value),
      [Symbol.asyncIterator]() { return this; },
    };
  }

  connectionClosed() {
    this.#blobs.drop();
    for (const end of this.#receivers) end();
    this.#receivers.clear();
  }

  #typed(data) {
    return typeof data !== 'string' && this.binaryType === 'blob' ? new Blob([data]) : data;
  }

  #on(type, value) {
    if (type === 'message') {
      dispatch(this, new MessageEvent('message', {data: this.#typed(value)}));
    } else if (type === 'error') {
      const RTCErrorEvent = require('../generated/RTCErrorEvent.js');
      dispatch(this, new RTCErrorEvent('error', {error: value}));
    } else {
      if (type === 'close') this.#connection.channelClosed(this);
      dispatch(this, new Event(type));
    }
  }
}

module.exports = DataChannelImpl;
