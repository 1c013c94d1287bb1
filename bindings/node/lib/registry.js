'use strict';

// The generated classes by name: how to tell their objects, how to reach what is behind one, and
// how to make one from inside. A table, because the classes refer to each other in circles.

const webidl = require('./webidl.js');

const classes = new Map();

function add(name, constructor, hasBrand, implOf) {
  classes.set(name, {constructor, hasBrand, implOf});
}

function is(name, value) {
  return webidl.isObject(value) && classes.get(name).hasBrand(value);
}

function convert(name, value, what) {
  if (!is(name, value)) throw new TypeError(`${what} is not of type '${name}'.`);
  return value;
}

function implOf(name, value) {
  return classes.get(name).implOf(value);
}

// An object of the class around `impl`, which learns of it by its property `wrapper`.
function create(name, impl) {
  impl.wrapper = new (classes.get(name).constructor)(webidl.kCreation, impl);
  return impl.wrapper;
}

module.exports = {add, is, convert, implOf, create};
