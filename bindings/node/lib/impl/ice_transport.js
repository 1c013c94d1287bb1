'use strict';

const registry = require('../registry.js');
const {dispatch} = require('../wrapping.js');
const IceCandidateImpl = require('./ice_candidate.js');
const IceCandidatePairImpl = require('./ice_candidate_pair.js');

class IceTransportImpl {
  #native;
  #pair = null;

  constructor(native) {
    this.#native = native;
    native.onevent = (type) => dispatch(this, new Event(type));
  }

  get role() { return this.#native.role(); }
  get component() { return this.#native.component(); }
  get state() { return this.#native.state(); }
  get gatheringState() { return this.#native.gatheringState(); }

  getLocalCandidates() { return this.#native.localCandidates().map(IceCandidateImpl.fromFields); }
  getRemoteCandidates() { return this.#native.remoteCandidates().map(IceCandidateImpl.fromFields); }
  getLocalParameters() { return this.#native.localParameters(); }
  getRemoteParameters() { return this.#native.remoteParameters(); }

  // The same object until another pair is selected.
  getSelectedCandidatePair() {
    const fields = this.#native.selectedCandidatePair();
    if (!fields) return null;
    const {local, remote} = this.#pair ?? {};
    if (local?.candidate !== fields.local.candidate || remote?.candidate !== fields.remote.candidate) {
      this.#pair = registry.create('RTCIceCandidatePair', new IceCandidatePairImpl(
          IceCandidateImpl.fromFields(fields.local), IceCandidateImpl.fromFields(fields.remote)));
    }
    return this.#pair;
  }
}

module.exports = IceTransportImpl;
