// Faults that other bindings had, by the ids of docs/known-weaknesses.md.

import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, turns} from './peers.mjs';

// Every getter and, with no argument, every method that an object has from its class.
async function useEverything(object) {
  let used = 0;
  const outcomes = [];
  for (let each = Object.getPrototypeOf(object); each !== EventTarget.prototype && each !== Object.prototype;
    each = Object.getPrototypeOf(each)) {
    for (const [name, {get, value}] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
      if (name === 'constructor') continue;
      ++used;
      if (get) get.call(object);
      if (typeof value !== 'function') continue;
      try {
        const outcome = value.call(object);
        if (outcome instanceof Promise) outcomes.push(outcome.catch(() => {}));
      } catch (error) {
        assert.ok(error instanceof TypeError || error instanceof DOMException, `${name}: ${error}`);
      }
    }
  }
  await Promise.race([Promise.all(outcomes), turns(20)]);  // of a closed connection some never settle
  return used;
}

test('N-6: every getter and method may be used after close()', async () => {
  const {one, other, channel, remoteChannel, close} = await connect();
  const {sctp} = one;
  const dtls = sctp.transport;
  const ice = dtls.iceTransport;
  const {localDescription} = one;
  close();
  let used = 0;
  for (let round = 0; round < 2; ++round) {
    for (const object of [one, other, channel, remoteChannel, sctp, dtls, ice, localDescription]) {
      used += await useEverything(object);
    }
    await turns(20);
  }
  assert.ok(used > 100);
  assert.equal(one.connectionState, 'closed');
  assert.equal(channel.readyState, 'closed');
});

const asArray = (buffer) => [...new Uint8Array(buffer)];

// The messages that `send` makes of one channel, as the other end gets them.
async function arrivals(send) {
  const {channel, remoteChannel, close} = await connect();
  const received = [];
  const all = new Promise((resolve) => {
    remoteChannel.onmessage = ({data}) => {
      if (data === 'end') return resolve();
      received.push(typeof data === 'string' ? data : asArray(data));
    };
  });
  send(channel);
  channel.send('end');
  await all;
  close();
  return received;
}

test('N-7: a message is what its bytes were when it was sent', async () => {
  const received = await arrivals((channel) => {
    const changed = new Uint8Array([1, 2, 3]);
    channel.send(changed);
    changed.fill(9);
    const large = new Uint8Array(100_000).fill(5);  // more than leaves at once
    channel.send(large);
    large.fill(6);
    const moved = new Uint8Array([4, 5]);
    channel.send(moved);
    structuredClone(moved.buffer, {transfer: [moved.buffer]});
    channel.send(new Uint8Array([0, 7, 8, 0]).subarray(1, 3));
  });
  assert.deepEqual(received[0], [1, 2, 3]);
  assert.equal(received[1].length, 100_000);
  assert.ok(received[1].every((byte) => byte === 5));
  assert.deepEqual(received.slice(2), [[4, 5], [7, 8]]);
});

test('N-7: a detached buffer is an empty message', async () => {
  const received = await arrivals((channel) => {
    const view = new Uint8Array([1, 2, 3]);
    const {buffer} = view;
    structuredClone(buffer, {transfer: [buffer]});
    channel.send(buffer);
    channel.send(view);
  });
  assert.deepEqual(received, [[], []]);
});

test('N-7: shared and resizable memory is not read', async () => {
  const shared = new SharedArrayBuffer(4);
  const received = await arrivals((channel) => {
    assert.throws(() => channel.send(new Uint8Array(shared)), TypeError);
    assert.throws(() => channel.send(new DataView(shared)), TypeError);
    const resizable = new ArrayBuffer(4, {maxByteLength: 8});
    if (resizable.resizable) {
      assert.throws(() => channel.send(resizable), TypeError);
      assert.throws(() => channel.send(new Uint8Array(resizable)), TypeError);
    }
    channel.send(shared);  // no BufferSource, so it is a string like any other object
    assert.equal(channel.bufferedAmount, String(shared).length);
  });
  assert.deepEqual(received, ['[object SharedArrayBuffer]']);
});
