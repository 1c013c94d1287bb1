'use strict';

const native = require('../native.js');
const registry = require('../registry.js');
const {dispatch, implFor} = require('../wrapping.js');
const CertificateImpl = require('./certificate.js');
const DataChannelImpl = require('./data_channel.js');
const IceCandidateImpl = require('./ice_candidate.js');
const SctpTransportImpl = require('./sctp_transport.js');
const {DescriptionCache} = require('./session_description.js');

class PeerConnectionImpl {
  #native;
  #local = new DescriptionCache();
  #remote = new DescriptionCache();
  #sctp = null;
  // Channels that can still fire events live as long as their connection; the addon holds the
  // connection itself while it can.
  #channels = new Set();

  isClosed = false;

  constructor(wrapper, configuration, tuning = {}) {
    this.wrapper = wrapper;
    this.#native = native.createConnection(forNative(configuration), tuning);
    this.#native.onevent = (type, value) => this.#on(type, value);
  }

  get localDescription() { return this.#local.get(this.#native.localDescription()); }
  get currentLocalDescription() { return this.#local.get(this.#native.currentLocalDescription()); }
  get pendingLocalDescription() { return this.#local.get(this.#native.pendingLocalDescription()); }
  get remoteDescription() { return this.#remote.get(this.#native.remoteDescription()); }
  get currentRemoteDescription() { return this.#remote.get(this.#native.currentRemoteDescription()); }
  get pendingRemoteDescription() { return this.#remote.get(this.#native.pendingRemoteDescription()); }
  get signalingState() { return this.#native.signalingState(); }
  get iceGatheringState() { return this.#native.iceGatheringState(); }
  get iceConnectionState() { return this.#native.iceConnectionState(); }
  get connectionState() { return this.#native.connectionState(); }
  get canTrickleIceCandidates() { return this.#native.canTrickleIceCandidates(); }

  get sctp() {
    const transport = this.#native.sctp();
    this.#sctp = transport && implFor('RTCSctpTransport', transport, SctpTransportImpl);
    return this.#sctp && this.#sctp.wrapper;
  }

  get maxMessageSize() { return this.#native.sctp()?.maxMessageSize() ?? Infinity; }

  createOffer(options = {}) { return this.#promise('createOffer', options); }
  createAnswer() { return this.#promise('createAnswer'); }
  setLocalDescription(description) { return this.#promise('setLocalDescription', description); }
  setRemoteDescription(description) { return this.#promise('setRemoteDescription', description); }
  addIceCandidate(candidate) { return this.#promise('addIceCandidate', candidate); }

  restartIce() { this.#native.restartIce(); }

  getConfiguration() {
    const configuration = this.#native.getConfiguration();
    configuration.certificates = configuration.certificates.map(CertificateImpl.of);
    return configuration;
  }

  setConfiguration(configuration) { this.#native.setConfiguration(forNative(configuration)); }

  createDataChannel(label, init) {
    return this.#channelOf(this.#native.createDataChannel(label, init)).wrapper;
  }

  close({flush}) {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#native.close(flush);
    for (const channel of this.#channels) channel.connectionClosed();
    this.#channels.clear();
  }

  static generateCertificate(keygenAlgorithm) { return CertificateImpl.generate(keygenAlgorithm); }

  channelClosed(channel) { this.#channels.delete(channel); }

  // When the connection is closed first, a pending promise stays so: webrtc-pc 4.4.2.
  #promise(method, argument) {
    return new Promise((resolve, reject) => this.#native[method](resolve, reject, argument));
  }

  #channelOf(nativeChannel) {
    const impl = implFor('RTCDataChannel', nativeChannel, DataChannelImpl, this);
    if (!this.isClosed) this.#channels.add(impl);
    return impl;
  }

  #on(type, value) {
    dispatch(this, this.#eventOf(type, value));
  }

  #eventOf(type, value) {
    const classes = require('../generated/index.js');
    switch (type) {
      case 'icecandidate': {
        const candidate = value.candidate && IceCandidateImpl.fromFields(value.candidate);
        return new classes.RTCPeerConnectionIceEvent(type, {candidate, url: value.url});
      }
      case 'icecandidateerror':
        return new classes.RTCPeerConnectionIceErrorEvent(type, value);
      case 'datachannel':
        return new classes.RTCDataChannelEvent(type, {channel: this.#channelOf(value).wrapper});
      default:
        return new Event(type);
    }
  }
}

// The dictionary with native certificates in the place of JavaScript's.
function forNative(configuration) {
  const certificates = configuration.certificates.map(
      (each) => registry.implOf('RTCCertificate', each).native);
  const iceServers = configuration.iceServers.map(
      (each) => ({...each, urls: typeof each.urls === 'string' ? [each.urls] : each.urls}));
  return {...configuration, certificates, iceServers};
}

module.exports = PeerConnectionImpl;
