'use strict';

// Blobs give their bytes later, yet messages leave in the order of send(): while a Blob is being
// read, what is sent after it waits here too.
class BlobSender {
  #native;
  #queue = [];
  #isDropped = false;

  bytes = 0;  // waiting here; part of bufferedAmount
  isClosing = false;

  constructor(native) {
    this.#native = native;
  }

  get isBusy() { return this.#queue.length > 0; }

  static sizeOf(data) {
    if (typeof data === 'string') return Buffer.byteLength(data);
    return data instanceof Blob ? data.size : data.byteLength;
  }

  add(data) {
    const size = BlobSender.sizeOf(data);
    this.#queue.push({data: copyOf(data), size});
    this.bytes += size;
    if (this.#queue.length === 1) this.#run();
  }

  closeAfterwards() { this.isClosing = true; }

  // The connection is closed.
  drop() {
    this.#isDropped = true;
    this.#clear();
  }

  #clear() {
    this.#queue = [];
    this.bytes = 0;
  }

  async #run() {
    while (this.#queue.length) {
      const {data, size} = this.#queue[0];
      const ready = data instanceof Blob ? await data.arrayBuffer() : data;
      if (this.#isDropped || !(await this.#send(ready))) break;
      this.#queue.shift();
      this.bytes -= size;
    }
    this.#clear();
    if (this.isClosing && !this.#isDropped) this.#native.close();
  }

  // False: the channel takes nothing any more.
  async #send(data) {
    for (;;) {
      try {
        this.#native.send(data);
        return true;
      } catch {
        if (this.#isDropped || this.#native.readyState() !== 'open') return false;
        // The send buffer is full. A threshold that is never reached again ends with the channel.
        await new Promise((resolve) => this.#native.drained(resolve, resolve));
      }
    }
  }
}

function copyOf(data) {
  if (typeof data === 'string' || data instanceof Blob) return data;
  if (!ArrayBuffer.isView(data)) return data.slice(0);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}

module.exports = BlobSender;
