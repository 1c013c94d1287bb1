'use strict';

class IceCandidatePairImpl {
  constructor(local, remote) {
    this.local = local;
    this.remote = remote;
  }
}

module.exports = IceCandidatePairImpl;
