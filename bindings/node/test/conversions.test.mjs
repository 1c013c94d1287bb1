import assert from 'node:assert/strict';
import test from 'node:test';
import {
  RTCDataChannelEvent, RTCError, RTCErrorEvent, RTCIceCandidate, RTCPeerConnection,
  RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent, RTCSessionDescription,
} from '../index.mjs';

const isTypeError = {name: 'TypeError'};
const line = 'candidate:1 1 udp 2130706431 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 6000 ufrag abcd';

function withPeer(body) {
  const pc = new RTCPeerConnection();
  try {
    return body(pc);
  } finally {
    pc.close();
  }
}

test('the configuration is converted by the rules of dictionaries', () => {
  for (const wrong of [5, 'x', {iceServers: 5}, {iceServers: {}}, {iceServers: [5]}, {iceServers: [{}]},
    {iceTransportPolicy: 'none'}, {bundlePolicy: ''}, {rtcpMuxPolicy: 'negotiate'}, {certificates: [{}]},
    {iceCandidatePoolSize: 256}, {iceCandidatePoolSize: -1}, {iceCandidatePoolSize: NaN}, {iceServers: null}]) {
    assert.throws(() => new RTCPeerConnection(wrong), isTypeError, JSON.stringify(wrong));
  }
  for (const right of [undefined, null, {}, {iceServers: []}, {iceServers: new Set()}, () => {}]) {
    new RTCPeerConnection(right).close();
  }
});

test('the configuration comes back complete', () => {
  const pc = new RTCPeerConnection({
    iceServers: [{urls: 'stun:192.0.2.9'}, {urls: ['turn:192.0.2.9:3478'], username: 'u', credential: 'c'}],
    bundlePolicy: 'max-bundle', iceTransportPolicy: 'relay',
  });
  assert.deepEqual(pc.getConfiguration(), {
    iceServers: [{urls: ['stun:192.0.2.9']}, {urls: ['turn:192.0.2.9:3478'], username: 'u', credential: 'c'}],
    iceTransportPolicy: 'relay', bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', certificates: [],
    iceCandidatePoolSize: 0,
  });
  pc.close();
});

test('close() converts its options by the rules of dictionaries', () => {
  for (const wrong of [5, 'x', true, Symbol('x'), {flush: -1}, {flush: 2 ** 32}, {flush: NaN},
    {flush: Infinity}, {flush: 'soon'}, {flush: 1n}]) {
    withPeer((pc) => {
      assert.throws(() => pc.close(wrong), isTypeError, String(wrong));
      assert.equal(pc.signalingState, 'stable');
    });
  }
  for (const right of [[], [undefined], [null], [{}], [{flush: undefined}], [{flush: '7'}], [{flush: 2 ** 32 - 1}],
    [new Event('x')], [() => {}], [{flush: 1}, 2]]) {
    withPeer((pc) => {
      assert.equal(pc.close(...right), undefined);
      assert.equal(pc.signalingState, 'closed');
      assert.throws(() => pc.close(5), isTypeError);
      pc.close({flush: 1});
    });
  }
});

test('members are read in the order of their names', () => {
  const read = [];
  const spy = new Proxy({}, {get: (target, name) => { read.push(name); return undefined; }});
  new RTCPeerConnection(spy).close();
  assert.deepEqual(read, [...read].sort());
  assert.ok(read.includes('iceServers'));
});

test('createDataChannel converts its arguments', () => withPeer((pc) => {
  assert.throws(() => pc.createDataChannel(), isTypeError);
  assert.throws(() => pc.createDataChannel(Symbol('x')), isTypeError);
  assert.throws(() => pc.createDataChannel('x', {maxRetransmits: 65536}), isTypeError);
  assert.throws(() => pc.createDataChannel('x', {maxRetransmits: -1}), isTypeError);
  assert.throws(() => pc.createDataChannel('x', {maxPacketLifeTime: 1, maxRetransmits: 1}), isTypeError);
  assert.throws(() => pc.createDataChannel('x', {priority: 'lowest'}), isTypeError);
  const channel = pc.createDataChannel('\ud800!', {ordered: 0, maxRetransmits: 2.9, protocol: 7, priority: 'high'});
  assert.equal(channel.label, '\ufffd!');
  assert.equal(channel.ordered, false);
  assert.equal(channel.maxRetransmits, 2);
  assert.equal(channel.maxPacketLifeTime, null);
  assert.equal(channel.protocol, '7');
  assert.equal(channel.priority, 'high');
  assert.equal(channel.negotiated, false);
  assert.equal(channel.id, null);
  assert.equal(channel.readyState, 'connecting');
  assert.equal(channel.bufferedAmount, 0);
  assert.equal(pc.createDataChannel(null).label, 'null');
}));

test('attributes of a channel convert what is assigned', () => withPeer((pc) => {
  const channel = pc.createDataChannel('x');
  assert.equal(channel.binaryType, 'arraybuffer');
  channel.binaryType = 'blob';
  assert.equal(channel.binaryType, 'blob');
  channel.binaryType = 'nonsense';
  assert.equal(channel.binaryType, 'blob');
  channel.bufferedAmountLowThreshold = '12.7';
  assert.equal(channel.bufferedAmountLowThreshold, 12);
  for (const wrong of [-1, 2 ** 32, NaN, Infinity]) {
    assert.throws(() => { channel.bufferedAmountLowThreshold = wrong; }, isTypeError);
  }
  assert.equal(channel.bufferedAmountLowThreshold, 12);
  assert.throws(() => channel.send(), isTypeError);
  assert.throws(() => channel.send('x'), {name: 'InvalidStateError'});
}));

test('operations that return promises reject instead of throwing', async () => {
  const pc = new RTCPeerConnection();
  await assert.rejects(pc.setRemoteDescription(), isTypeError);
  await assert.rejects(pc.setRemoteDescription({}), isTypeError);
  await assert.rejects(pc.setRemoteDescription({type: 'bid'}), isTypeError);
  await assert.rejects(pc.setLocalDescription(7), isTypeError);
  await assert.rejects(pc.createOffer(true), isTypeError);
  await assert.rejects(pc.addIceCandidate({candidate: line}), isTypeError);
  await assert.rejects(pc.addIceCandidate({candidate: 'x', sdpMid: Symbol('x')}), isTypeError);
  await assert.rejects(pc.setLocalDescription({}, () => {}), isTypeError);
  await assert.rejects(pc.createOffer(() => {}, 5), isTypeError);
  await assert.rejects(RTCPeerConnection.generateCertificate(), isTypeError);
  await assert.rejects(pc.createAnswer(), {name: 'InvalidStateError'});
  pc.close();
  await assert.rejects(pc.createOffer(), {name: 'InvalidStateError'});
  await assert.rejects(pc.setLocalDescription(), {name: 'InvalidStateError'});
  assert.throws(() => pc.createDataChannel('x'), {name: 'InvalidStateError'});
  assert.ok(await pc.createOffer().catch((error) => error) instanceof DOMException);
});

test('a description that does not parse is an RTCError with its line', async () => {
  const pc = new RTCPeerConnection();
  const error = await pc.setRemoteDescription({type: 'offer', sdp: 'v=0\r\nnonsense\r\n'}).catch((each) => each);
  assert.ok(error instanceof RTCError);
  assert.equal(error.errorDetail, 'sdp-syntax-error');
  assert.equal(error.name, 'OperationError');
  assert.equal(typeof error.sdpLineNumber, 'number');
  pc.close();
});

test('the legacy methods call back', async () => {
  const pc = new RTCPeerConnection();
  pc.createDataChannel('x');
  const offer = await new Promise((resolve, reject) => {
    assert.ok(pc.createOffer(resolve, reject) instanceof Promise);
  });
  assert.equal(offer.type, 'offer');
  await new Promise((resolve, reject) => pc.setLocalDescription(offer, resolve, reject));
  assert.equal(pc.signalingState, 'have-local-offer');
  const error = await new Promise((resolve, reject) => pc.createAnswer(reject, resolve));
  assert.equal(error.name, 'InvalidStateError');
  pc.close();
});

test('RTCSessionDescription is a value', () => {
  const description = new RTCSessionDescription({type: 'offer'});
  assert.equal(description.sdp, '');
  assert.equal(JSON.stringify(description), '{"type":"offer","sdp":""}');
  assert.throws(() => new RTCSessionDescription(), isTypeError);
  assert.throws(() => new RTCSessionDescription({sdp: ''}), isTypeError);
  assert.throws(() => new RTCSessionDescription({type: 'x'}), isTypeError);
});

test('RTCIceCandidate parses its line', () => {
  assert.throws(() => new RTCIceCandidate(), isTypeError);
  assert.throws(() => new RTCIceCandidate({candidate: line}), isTypeError);
  const candidate = new RTCIceCandidate({candidate: line, sdpMid: '0', usernameFragment: 'abcd'});
  assert.deepEqual(candidate.toJSON(),
      {candidate: line, sdpMid: '0', sdpMLineIndex: null, usernameFragment: 'abcd'});
  assert.deepEqual(
      [candidate.foundation, candidate.component, candidate.priority, candidate.address, candidate.protocol,
        candidate.port, candidate.type, candidate.tcpType, candidate.relatedAddress, candidate.relatedPort,
        candidate.relayProtocol, candidate.url],
      ['1', 'rtp', 2130706431, '192.0.2.1', 'udp', 5000, 'srflx', null, '10.0.0.1', 6000, null, null]);
  assert.equal(new RTCIceCandidate({sdpMLineIndex: 65537}).sdpMLineIndex, 1);
  assert.equal(new RTCIceCandidate({sdpMLineIndex: 0}).candidate, '');
});

test('event classes take their dictionaries', () => withPeer((pc) => {
  const candidate = new RTCIceCandidate({sdpMid: '0'});
  const found = new RTCPeerConnectionIceEvent('icecandidate', {candidate, bubbles: 1});
  assert.equal(found.candidate, candidate);
  assert.equal(found.url, null);
  assert.equal(found.bubbles, true);
  assert.ok(found instanceof Event);
  assert.equal(new RTCPeerConnectionIceEvent('x').candidate, null);
  assert.throws(() => new RTCPeerConnectionIceEvent('x', {candidate: {}}), isTypeError);
  assert.throws(() => new RTCPeerConnectionIceEvent(), isTypeError);

  const failed = new RTCPeerConnectionIceErrorEvent('x', {errorCode: 701});
  assert.deepEqual([failed.address, failed.port, failed.url, failed.errorCode, failed.errorText],
      [null, null, '', 701, '']);
  assert.throws(() => new RTCPeerConnectionIceErrorEvent('x', {}), isTypeError);

  const channel = pc.createDataChannel('x');
  assert.equal(new RTCDataChannelEvent('datachannel', {channel}).channel, channel);
  assert.throws(() => new RTCDataChannelEvent('datachannel', {channel: {}}), isTypeError);
  assert.throws(() => new RTCDataChannelEvent('datachannel'), isTypeError);
}));

test('RTCError is a DOMException', () => {
  const error = new RTCError({errorDetail: 'dtls-failure', sentAlert: 40}, 'gone');
  assert.ok(error instanceof DOMException);
  assert.ok(error instanceof Error);
  assert.deepEqual([error.name, error.message, error.code, error.errorDetail, error.sentAlert, error.receivedAlert],
      ['OperationError', 'gone', 0, 'dtls-failure', 40, null]);
  assert.equal(new RTCError({errorDetail: 'sctp-failure'}).message, '');
  assert.throws(() => new RTCError({}), isTypeError);
  assert.throws(() => new RTCError({errorDetail: 'x'}), isTypeError);
  assert.equal(new RTCErrorEvent('error', {error}).error, error);
  assert.throws(() => new RTCErrorEvent('error', {error: new Error('x')}), isTypeError);
});
