import assert from 'node:assert/strict';
import test from 'node:test';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {connect, next, peer, turns} from './peers.mjs';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

async function isCollected(reference, attempts = 50) {
  for (let i = 0; i < attempts; ++i) {
    await turns(2);
    collect();
    if (!reference.deref()) return true;
  }
  return false;
}

test('a closed connection and its channels are collected', async () => {  // N-3
  const references = [];
  await (async () => {
    const {one, other, channel, remoteChannel, close} = await connect();
    one.onconnectionstatechange = () => one;
    channel.onmessage = () => channel;
    references.push(...[one, other, channel, remoteChannel, one.sctp].map((each) => new WeakRef(each)));
    close();
  })();
  for (const reference of references) assert.equal(await isCollected(reference), true);
});

test('a connection that never had a description is collected without close()', async () => {
  const references = (() => {
    const pc = peer();
    pc.onnegotiationneeded = () => {};
    return [pc, pc.createDataChannel('x')].map((each) => new WeakRef(each));
  })();
  for (const reference of references) assert.equal(await isCollected(reference), true);
});

test('a candidate pool holds nobody', async () => {
  const reference = (() => new WeakRef(peer({iceCandidatePoolSize: 2})))();
  assert.equal(await isCollected(reference), true);
});

test('an open channel with a listener lives although nobody refers to it', async () => {  // N-3
  const {channel, close, remote, received} = await (async () => {
    const peers = await connect();
    const received = [];
    peers.remoteChannel.onmessage = ({data}) => received.push(data);
    return {channel: peers.channel, close: peers.close, remote: new WeakRef(peers.remoteChannel), received};
  })();
  assert.equal(await isCollected(remote, 10), false);
  channel.send('still there');
  const closed = next(channel, 'close');
  channel.close();
  await closed;
  assert.deepEqual(received, ['still there']);
  assert.equal(await isCollected(remote), true);
  close();
});

test('objects of a closed connection stay usable', async () => {  // N-6
  const {one, channel, close} = await connect();
  const {sctp} = one;
  const dtls = sctp.transport;
  close();
  for (let i = 0; i < 5; ++i) {
    await turns(2);
    collect();
  }
  assert.equal(channel.label, 'chat');
  assert.equal(channel.readyState, 'closed');
  assert.throws(() => channel.send('x'), {name: 'InvalidStateError'});
  channel.close();
  assert.equal(sctp.transport, dtls);
  assert.equal(dtls.state, 'closed');
  assert.equal(one.sctp?.state ?? 'closed', 'closed');
  assert.ok(Array.isArray(dtls.iceTransport.getLocalCandidates()));
  assert.equal(one.getConfiguration().bundlePolicy, 'balanced');
});
