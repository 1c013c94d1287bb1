import assert from 'node:assert/strict';
import test from 'node:test';
import {RTCDataChannel, RTCDtlsTransport, RTCIceCandidate, RTCIceTransport, RTCSctpTransport,
  RTCSessionDescription, releaseReport} from '../index.mjs';
import {connect, negotiate, next, peer, trickle, turns, until} from './peers.mjs';

const bytesOf = (...values) => new Uint8Array(values);
const asArray = (buffer) => [...new Uint8Array(buffer)];

test('two peers exchange strings, binary and empty messages in order', async () => {
  const {channel, remoteChannel, close} = await connect();
  const received = [];
  const all = new Promise((resolve) => {
    remoteChannel.onmessage = (event) => {
      assert.ok(event instanceof MessageEvent);
      received.push(event.data);
      if (event.data === 'end') resolve();
    };
  });
  channel.send('hello');
  channel.send('');
  channel.send('\ud83d\ude00 \ud800');
  channel.send(new ArrayBuffer(0));
  channel.send(bytesOf(1, 2, 3).buffer);
  channel.send(bytesOf(1, 2, 3, 4).subarray(1, 3));
  channel.send(new DataView(bytesOf(5, 6, 7, 8).buffer, 2));
  channel.send(new Uint16Array([0x0101]));
  channel.send(Buffer.from('buffer'));
  channel.send(42);
  channel.send('end');
  await all;
  assert.deepEqual(received.map((each) => typeof each === 'string' ? each : asArray(each)), [
    'hello', '', '\u{1f600} \ufffd', [], [1, 2, 3], [2, 3], [7, 8], [1, 1], [...Buffer.from('buffer')], '42', 'end',
  ]);
  assert.ok(received[4] instanceof ArrayBuffer);
  close();
});

test('a message as large as the peer takes arrives, a larger one is refused', async () => {
  const {one, channel, remoteChannel, close} = await connect();
  const limit = one.sctp.maxMessageSize;
  assert.ok(limit >= 65536);
  const data = new Uint8Array(limit).map((_, index) => index * 7);
  const got = next(remoteChannel, 'message');
  channel.send(data);
  assert.equal(channel.bufferedAmount, limit);
  assert.deepEqual(new Uint8Array((await got).data), data);
  assert.throws(() => channel.send(new Uint8Array(limit + 1)), {name: 'TypeError'});
  close();
});

test('blobs are received when asked for, and sent in their place', async () => {
  const {channel, remoteChannel, close} = await connect();
  remoteChannel.binaryType = 'blob';
  const received = [];
  const all = new Promise((resolve) => {
    remoteChannel.onmessage = ({data}) => received.push(data) === 4 && resolve();
  });
  const view = bytesOf(9);
  channel.send('first');
  channel.send(new Blob(['blob']));
  assert.equal(channel.bufferedAmount >= 4, true);
  channel.send(view);
  view[0] = 0;  // after send() the bytes are the channel's
  channel.send('last');
  await all;
  assert.equal(received[0], 'first');
  assert.ok(received[1] instanceof Blob);
  assert.equal(await received[1].text(), 'blob');
  assert.deepEqual(asArray(await received[2].arrayBuffer()), [9]);
  assert.equal(received[3], 'last');
  close();
});

test('close() delivers what was sent before, blobs too', async () => {
  const {channel, remoteChannel, close} = await connect();
  const received = [];
  remoteChannel.onmessage = ({data}) => received.push(data);
  channel.send(new Blob(['a blob']));
  channel.send('after it');
  channel.close();
  assert.equal(channel.readyState, 'closing');
  assert.throws(() => channel.send('too late'), {name: 'InvalidStateError'});
  await Promise.all([next(channel, 'close'), next(remoteChannel, 'close')]);
  assert.deepEqual(received.map((each) => typeof each === 'string' ? each : Buffer.from(each).toString()),
      ['a blob', 'after it']);
  assert.equal(channel.readyState, 'closed');
  assert.equal(remoteChannel.readyState, 'closed');
  close();
});

test('the remote channel sees closing and close when the channel closes', async () => {
  const {channel, remoteChannel, close} = await connect();
  const events = [];
  for (const type of ['closing', 'close']) {
    remoteChannel.addEventListener(type, () => events.push(`${type}:${remoteChannel.readyState}`));
  }
  channel.close();
  await next(remoteChannel, 'close');
  assert.deepEqual(events, ['closing:closing', 'close:closed']);
  close();
});

test('RTCPeerConnection.close() fires nothing here and closes the channel there', async () => {
  const {one, other, channel, remoteChannel} = await connect();
  const here = [];
  for (const type of ['signalingstatechange', 'connectionstatechange', 'iceconnectionstatechange']) {
    one.addEventListener(type, () => here.push(type));
  }
  channel.addEventListener('close', () => here.push('close'));
  channel.addEventListener('error', () => here.push('error'));
  const closedThere = next(remoteChannel, 'close');
  const sctp = one.sctp;
  one.close();
  one.close();
  assert.equal(one.signalingState, 'closed');
  assert.equal(one.connectionState, 'closed');
  assert.equal(one.iceConnectionState, 'closed');
  assert.equal(channel.readyState, 'closed');
  assert.equal(sctp.state, 'closed');
  assert.equal(sctp.transport.state, 'closed');
  assert.equal(sctp.transport.iceTransport.state, 'closed');
  await closedThere;
  assert.equal(remoteChannel.readyState, 'closed');
  assert.deepEqual(here, []);
  other.close();
});

test('a pending promise never settles once the connection is closed', async () => {
  const pc = peer();
  let settled = false;
  pc.createOffer().then(() => { settled = true; }, () => { settled = true; });
  pc.close();
  await turns(20);
  assert.equal(settled, false);
});

test('the states and their events come in the order of the specification', async () => {
  const one = peer();
  const other = peer();
  trickle(one, other);
  const events = [];
  for (const [type, state] of [['negotiationneeded', 'signalingState'], ['signalingstatechange', 'signalingState'],
    ['icegatheringstatechange', 'iceGatheringState'], ['connectionstatechange', 'connectionState']]) {
    one.addEventListener(type, () => events.push(`${type} ${one[state]}`));
  }
  const channel = one.createDataChannel('x');
  await next(one, 'negotiationneeded');
  await negotiate(one, other);
  await Promise.all([
    until(channel, 'open', () => channel.readyState === 'open'),
    until(one, 'connectionstatechange', () => one.connectionState === 'connected'),
    until(one, 'icegatheringstatechange', () => one.iceGatheringState === 'complete'),
  ]);
  const only = (type) => events.filter((each) => each.startsWith(`${type} `)).map((each) => each.split(' ')[1]);
  assert.deepEqual(only('negotiationneeded'), ['stable']);
  assert.deepEqual(only('signalingstatechange'), ['have-local-offer', 'stable']);
  assert.deepEqual(only('icegatheringstatechange'), ['gathering', 'complete']);
  assert.deepEqual(only('connectionstatechange'), ['connecting', 'connected']);
  one.close();
  other.close();
});

test('microtasks run between one event and the next', async () => {
  const {channel, remoteChannel, close} = await connect();
  const order = [];
  const done = new Promise((resolve) => {
    remoteChannel.onmessage = ({data}) => {
      order.push(`message ${data}`);
      Promise.resolve().then(() => order.push(`microtask ${data}`));
      if (data === '3') setImmediate(resolve);
    };
  });
  for (const each of ['1', '2', '3']) channel.send(each);
  await done;
  assert.deepEqual(order,
      ['message 1', 'microtask 1', 'message 2', 'microtask 2', 'message 3', 'microtask 3']);
  close();
});

test('attributes give the same object until it changes', async () => {
  const one = peer();
  const other = peer();
  trickle(one, other);
  one.createDataChannel('x');
  assert.equal(one.sctp, null);
  assert.equal(one.localDescription, null);
  await negotiate(one, other);
  await until(one, 'connectionstatechange', () => one.connectionState === 'connected');
  await until(one, 'icegatheringstatechange', () => one.iceGatheringState === 'complete');
  assert.ok(one.localDescription instanceof RTCSessionDescription);
  assert.equal(one.localDescription, one.localDescription);
  assert.equal(one.localDescription, one.currentLocalDescription);
  assert.equal(one.pendingLocalDescription, null);
  assert.ok(one.sctp instanceof RTCSctpTransport);
  assert.equal(one.sctp, one.sctp);
  assert.ok(one.sctp.transport instanceof RTCDtlsTransport);
  assert.equal(one.sctp.transport, one.sctp.transport);
  const ice = one.sctp.transport.iceTransport;
  assert.ok(ice instanceof RTCIceTransport);
  assert.equal(ice, one.sctp.transport.iceTransport);
  await until(ice, 'selectedcandidatepairchange', () => ice.getSelectedCandidatePair() !== null);
  const pair = ice.getSelectedCandidatePair();
  assert.ok(pair.local instanceof RTCIceCandidate);
  assert.equal(pair.local, pair.local);
  assert.equal(pair, ice.getSelectedCandidatePair());
  assert.equal(ice.component, 'rtp');
  assert.equal(ice.role, 'controlling');
  assert.equal(typeof ice.getLocalParameters().password, 'string');
  assert.equal(typeof ice.getRemoteParameters().usernameFragment, 'string');
  assert.ok(ice.getLocalCandidates().every((each) => each instanceof RTCIceCandidate));
  const [certificate] = one.sctp.transport.getRemoteCertificates();
  assert.ok(certificate instanceof ArrayBuffer && certificate.byteLength > 100);
  assert.equal(one.sctp.transport.closeReason, 'none');
  one.close();
  other.close();
});

test('a negotiated channel needs no announcement', async () => {
  const one = peer();
  const other = peer();
  trickle(one, other);
  const channels = [one, other].map((each) => each.createDataChannel('n', {negotiated: true, id: 7, ordered: false}));
  other.ondatachannel = () => assert.fail('announced');
  const opened = Promise.all(channels.map((each) => next(each, 'open')));
  await negotiate(one, other);
  await opened;
  assert.deepEqual(channels.map((each) => each.id), [7, 7]);
  const got = next(channels[0], 'message');
  channels[1].send('hi');
  assert.equal((await got).data, 'hi');
  one.close();
  other.close();
});

test('a channel that is announced is what was created', async () => {
  const {one, other, channel, remoteChannel, close} =
      await connect({label: 'l\u00e4bel', init: {protocol: 'p', ordered: false, maxRetransmits: 3, priority: 'high'}});
  assert.ok(remoteChannel instanceof RTCDataChannel);
  for (const name of ['label', 'protocol', 'ordered', 'maxRetransmits', 'maxPacketLifeTime', 'negotiated', 'id',
    'priority']) {
    assert.equal(remoteChannel[name], channel[name], name);
  }
  const second = next(other, 'datachannel');
  one.createDataChannel('second');
  const {channel: another} = await second;
  assert.notEqual(another.id, channel.id);
  close();
});

test('bufferedamountlow fires when the buffer has fallen to the threshold', async () => {
  const {channel, close} = await connect();
  channel.bufferedAmountLowThreshold = 1000;
  const low = next(channel, 'bufferedamountlow');
  channel.send(new Uint8Array(100_000));
  assert.equal(channel.bufferedAmount, 100_000);
  await low;
  assert.ok(channel.bufferedAmount <= 1000);
  close();
});

test('handlers may close everything', async () => {
  const {one, other, channel, remoteChannel} = await connect();
  const received = [];
  remoteChannel.onmessage = ({data}) => {
    received.push(data);
    other.close();
    one.close();
  };
  channel.send('1');
  channel.send('2');
  await until(remoteChannel, 'message', () => received.length > 0);
  await turns(20);
  assert.deepEqual(received, ['1']);
});

test('the release report is zero once all is closed and the tails have ended', async () => {
  const {one, other} = await connect();
  const open = await releaseReport();
  assert.equal(open.connections, 2);
  assert.ok(open.sockets > 0);
  one.close();
  other.close();
  let report;
  do report = await releaseReport(); while (Object.values(report).some((each) => each !== 0));
  assert.deepEqual(Object.keys(report).sort(), ['allocations', 'connections', 'lookups', 'namesPublished', 'packets',
    'permissions', 'sockets', 'tails', 'tasks', 'timers', 'transactions', 'turnChannels']);
});

// More than the windows let out at once.
function fill(channel) {
  const chunk = new Uint8Array(10_000);
  for (let i = 0; i < 200; ++i) channel.send(chunk);
}

// Turns until nothing of a closed connection is left to deliver.
async function tailsAre(none) {
  for (;;) {
    const {tails, connections} = await releaseReport();
    if (none(tails + connections)) return;
    await turns(1);
  }
}

test('close({flush}) delivers what was sent, and the peer sees no error', async () => {
  const {one, other, channel, remoteChannel} = await connect();
  let received = 0;
  remoteChannel.onmessage = () => ++received;
  remoteChannel.onerror = () => assert.fail('an error');
  const closed = next(remoteChannel, 'close');
  fill(channel);
  one.close({flush: 60_000});
  assert.equal(one.connectionState, 'closed');
  assert.equal(channel.readyState, 'closed');
  await closed;
  assert.equal(received, 200);
  other.close();
});

test('close({flush}) ends as close() does when its time is over', async () => {
  const slow = peer({}, {receiveWindow: 65536});
  const {one, other, channel, remoteChannel} = await connect({other: slow});
  remoteChannel.pauseReceiving();  // and so its window closes
  let received = 0;
  remoteChannel.onmessage = () => ++received;
  fill(channel);
  one.close({flush: 1});
  await until(other.sctp, 'statechange', (each) => each.state === 'closed');
  const failed = next(remoteChannel, 'error');
  remoteChannel.resumeReceiving();
  assert.equal((await failed).error.errorDetail, 'sctp-failure');
  assert.ok(received < 200);
  other.close();
  await tailsAre((count) => count === 0);
});
