import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, next, peer, turns} from './peers.mjs';

test('for await reads every message and ends when the channel closes', async () => {
  const {channel, remoteChannel, close} = await connect();
  const received = [];
  const reading = (async () => {
    for await (const message of remoteChannel) received.push(message);
  })();
  for (let i = 0; i < 50; ++i) channel.send(String(i));
  channel.close();
  await reading;
  assert.deepEqual(received, Array.from({length: 50}, (_, index) => String(index)));
  close();
});

test('a slow reader holds its sender back', async () => {
  const window = 256 * 1024;
  const {channel, remoteChannel, close} = await connect({other: peer({}, {receiveWindow: window})});
  const size = 64 * 1024;
  const count = 64;
  const iterator = remoteChannel[Symbol.asyncIterator]();
  let taken = 0;
  const take = async () => {
    const {value} = await iterator.next();
    assert.equal(new Uint8Array(value)[0], taken % 256);
    ++taken;
  };
  const message = new Uint8Array(size);
  for (let i = 0; i < count; ++i) {
    message[0] = i;
    channel.send(message);
  }
  await take();
  // What the reader has not taken is in the window there or still here.
  for (let i = 0; i < 200; ++i) await turns(1);
  assert.ok(channel.bufferedAmount >= size * count - 3 * window, `${channel.bufferedAmount} still buffered`);
  while (taken < count) await take();
  await channel.drained();
  assert.equal(channel.bufferedAmount, 0);
  close();
});

test('leaving the loop leaves the channel open, and another loop goes on', async () => {
  const {channel, remoteChannel, close} = await connect();
  for (const each of ['1', '2', '3']) channel.send(each);
  const received = [];
  for await (const message of remoteChannel) {
    received.push(message);
    if (message === '2') break;
  }
  assert.equal(remoteChannel.readyState, 'open');
  for await (const message of remoteChannel) {
    received.push(message);
    break;
  }
  assert.deepEqual(received, ['1', '2', '3']);
  close();
});

test('messages go to receive() and not to listeners once it was called', async () => {
  const {channel, remoteChannel, close} = await connect();
  remoteChannel.onmessage = () => assert.fail('a message event');
  const first = remoteChannel.receive();
  channel.send('a');
  channel.send(new Uint8Array([1, 2]));
  assert.equal(await first, 'a');
  remoteChannel.binaryType = 'blob';
  assert.ok(await remoteChannel.receive() instanceof Blob);
  close();
});

test('a loop ends when the connection is closed here', async () => {
  const {remoteChannel, close} = await connect();
  const reading = (async () => {
    for await (const message of remoteChannel) assert.fail(message);
    return 'ended';
  })();
  close();
  assert.equal(await reading, 'ended');
  assert.equal(await remoteChannel.receive(), null);
});

test('a paused channel fires no message event until it is resumed', async () => {
  const {channel, remoteChannel, close} = await connect();
  let received = 0;
  remoteChannel.onmessage = () => ++received;
  remoteChannel.pauseReceiving();
  assert.equal(remoteChannel.receivingPaused, true);
  const back = next(channel, 'message');
  channel.send('held');
  // The other direction still works, and what comes after it has had time to arrive.
  remoteChannel.send('through');
  await back;
  await turns(20);
  assert.equal(received, 0);
  const got = next(remoteChannel, 'message');
  remoteChannel.resumeReceiving();
  assert.equal((await got).data, 'held');
  assert.equal(remoteChannel.receivingPaused, false);
  close();
});
