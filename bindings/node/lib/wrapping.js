'use strict';

// The JavaScript side of a native object: made when it is first seen, and the same ever after,
// because the addon answers with one native object for one C++ object.

const registry = require('./registry.js');

function implFor(name, native, Impl, ...rest) {
  if (!native.impl) {
    native.impl = new Impl(native, ...rest);
    registry.create(name, native.impl);
  }
  return native.impl;
}

function dispatch(impl, event) {
  impl.wrapper.dispatchEvent(event);
}

module.exports = {implFor, dispatch};
