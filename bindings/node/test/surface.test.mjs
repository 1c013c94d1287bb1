import assert from 'node:assert/strict';
import test from 'node:test';
import parley, * as namespace from '../index.mjs';

const classes = Object.entries(parley).filter(([name]) => name.startsWith('RTC'));
const constructible = new Set([
  'RTCPeerConnection', 'RTCSessionDescription', 'RTCIceCandidate', 'RTCPeerConnectionIceEvent',
  'RTCPeerConnectionIceErrorEvent', 'RTCDataChannelEvent', 'RTCError', 'RTCErrorEvent',
]);
const lengths = {
  RTCPeerConnection: 0, RTCSessionDescription: 1, RTCIceCandidate: 0, RTCPeerConnectionIceEvent: 1,
  RTCPeerConnectionIceErrorEvent: 2, RTCDataChannelEvent: 2, RTCError: 1, RTCErrorEvent: 2,
};
const bases = {
  RTCPeerConnection: EventTarget, RTCDataChannel: EventTarget, RTCDtlsTransport: EventTarget,
  RTCIceTransport: EventTarget, RTCSctpTransport: EventTarget, RTCPeerConnectionIceEvent: Event,
  RTCPeerConnectionIceErrorEvent: Event, RTCDataChannelEvent: Event, RTCErrorEvent: Event,
  RTCError: DOMException,
};

test('every class of this version is exported to require and to import', () => {
  assert.deepEqual(classes.map(([name]) => name).sort(), [
    'RTCCertificate', 'RTCDataChannel', 'RTCDataChannelEvent', 'RTCDtlsTransport', 'RTCError', 'RTCErrorEvent',
    'RTCIceCandidate', 'RTCIceCandidatePair', 'RTCIceTransport', 'RTCPeerConnection',
    'RTCPeerConnectionIceErrorEvent', 'RTCPeerConnectionIceEvent', 'RTCSctpTransport', 'RTCSessionDescription',
  ]);
  for (const [name, each] of Object.entries(parley)) assert.equal(namespace[name], each, name);
});

for (const [name, constructor] of classes) {
  test(`${name} has the shape Web IDL gives a class`, () => {
    const base = bases[name] ?? Object;
    assert.equal(constructor.name, name);
    assert.equal(constructor.length, lengths[name] ?? 0);
    assert.equal(Object.getPrototypeOf(constructor.prototype), base.prototype);
    assert.deepEqual(Object.getOwnPropertyDescriptor(constructor, 'prototype'),
        {value: constructor.prototype, writable: false, enumerable: false, configurable: false});
    assert.deepEqual(Object.getOwnPropertyDescriptor(constructor.prototype, Symbol.toStringTag),
        {value: name, writable: false, enumerable: false, configurable: true});
    assert.throws(() => constructor(), TypeError);
  });

  test(`${name} has accessors and methods with the descriptors of Web IDL`, () => {
    for (const key of Object.getOwnPropertyNames(constructor.prototype)) {
      if (key === 'constructor') continue;
      const descriptor = Object.getOwnPropertyDescriptor(constructor.prototype, key);
      assert.equal(descriptor.enumerable, true, key);
      assert.equal(descriptor.configurable, true, key);
      if (descriptor.get) {
        assert.equal(descriptor.get.name, `get ${key}`);
        assert.equal(descriptor.get.length, 0);
        if (descriptor.set) assert.equal(descriptor.set.length, 1);
      } else {
        assert.equal(descriptor.writable, true, key);
        assert.equal(descriptor.value.name, key);
      }
    }
  });

  test(`${name} refuses objects that are not its own`, async () => {
    for (const key of Object.getOwnPropertyNames(constructor.prototype)) {
      if (key === 'constructor') continue;
      const descriptor = Object.getOwnPropertyDescriptor(constructor.prototype, key);
      for (const stranger of [{}, constructor.prototype, Object.create(constructor.prototype)]) {
        const illegal = {name: 'TypeError', message: 'Illegal invocation'};
        if (descriptor.get) {
          assert.throws(() => descriptor.get.call(stranger), illegal, key);
          if (descriptor.set) assert.throws(() => descriptor.set.call(stranger, null), illegal, key);
          continue;
        }
        let returned;
        try {
          returned = descriptor.value.call(stranger);
        } catch (error) {
          assert.equal(error.message, 'Illegal invocation');
          continue;
        }
        await assert.rejects(returned, illegal, key);
      }
    }
  });

  if (!constructible.has(name)) {
    test(`${name} cannot be constructed`, () => {
      assert.throws(() => new constructor(), {name: 'TypeError', message: /Illegal constructor/});
      assert.throws(() => new constructor({}, {}), {name: 'TypeError', message: /Illegal constructor/});
    });
  }
}

test('methods have the length of their shortest overload', () => {
  const expected = {
    RTCPeerConnection: {createOffer: 0, createAnswer: 0, setLocalDescription: 0, setRemoteDescription: 1,
      addIceCandidate: 0, restartIce: 0, getConfiguration: 0, setConfiguration: 0, close: 0, createDataChannel: 1},
    RTCDataChannel: {close: 0, send: 1},
    RTCIceCandidate: {toJSON: 0},
  };
  for (const [name, methods] of Object.entries(expected)) {
    for (const [method, length] of Object.entries(methods)) {
      assert.equal(parley[name].prototype[method].length, length, `${name}.${method}`);
    }
  }
  assert.equal(parley.RTCPeerConnection.generateCertificate.length, 1);
  assert.equal(Object.getOwnPropertyDescriptor(parley.RTCPeerConnection, 'generateCertificate').enumerable, true);
});

test('classes can be extended', () => {
  class Mine extends parley.RTCPeerConnection {
    constructor() {
      super({iceServers: []});
      this.mine = true;
    }
  }
  const pc = new Mine();
  assert.equal(pc.signalingState, 'stable');
  assert.equal(pc.mine, true);
  assert.equal(Object.prototype.toString.call(pc), '[object RTCPeerConnection]');
  assert.deepEqual(Object.keys(pc), ['mine']);
  pc.close();
});

test('readonly attributes ignore assignment in sloppy code and throw in strict code', () => {
  const pc = new parley.RTCPeerConnection();
  assert.throws(() => { pc.signalingState = 'closed'; }, TypeError);
  assert.equal(Reflect.set(pc, 'signalingState', 'closed'), false);
  assert.equal(pc.signalingState, 'stable');
  pc.close();
});

test('event handlers keep their place among the listeners', () => {
  const pc = new parley.RTCPeerConnection();
  const order = [];
  assert.equal(pc.onnegotiationneeded, null);
  pc.addEventListener('negotiationneeded', () => order.push('first'));
  pc.onnegotiationneeded = () => order.push('replaced');
  pc.addEventListener('negotiationneeded', () => order.push('last'));
  const handler = function(event) {
    order.push('handler');
    assert.equal(this, pc);
    assert.equal(event.type, 'negotiationneeded');
  };
  pc.onnegotiationneeded = handler;
  assert.equal(pc.onnegotiationneeded, handler);
  pc.dispatchEvent(new Event('negotiationneeded'));
  assert.deepEqual(order, ['first', 'handler', 'last']);

  pc.onnegotiationneeded = 5;
  assert.equal(pc.onnegotiationneeded, null);
  pc.onnegotiationneeded = handler;
  order.length = 0;
  pc.dispatchEvent(new Event('negotiationneeded'));
  assert.deepEqual(order, ['first', 'last', 'handler']);

  const notCallable = {};
  pc.onnegotiationneeded = notCallable;
  assert.equal(pc.onnegotiationneeded, notCallable);
  pc.dispatchEvent(new Event('negotiationneeded'));
  pc.close();
});
