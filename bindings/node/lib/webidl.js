'use strict';

// The conversions of Web IDL that the generated classes use. `what` names the converted value in
// error messages.

const kCreation = Symbol('creation from inside');

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

function isCreation(list) {
  return list.length === 2 && list[0] === kCreation;
}

function illegalInvocation() {
  throw new TypeError('Illegal invocation');
}

function illegalConstructor(name) {
  throw new TypeError(`${name}: Illegal constructor`);
}

function checkCount(present, required, what) {
  if (present >= required) return;
  throw new TypeError(`${what}: ${required} argument${required === 1 ? '' : 's'} required, ` +
      `but only ${present} present.`);
}

function noOverload(what) {
  throw new TypeError(`${what}: no overload takes this number of arguments.`);
}

// Puts a class in the shape Web IDL asks for: enumerable members and a name for toString().
function finishClass(constructor, members, statics) {
  const enumerable = {enumerable: true};
  for (const name of members) Object.defineProperty(constructor.prototype, name, enumerable);
  for (const name of statics) Object.defineProperty(constructor, name, enumerable);
  Object.defineProperty(constructor.prototype, Symbol.toStringTag,
      {value: constructor.name, configurable: true});
}

function domString(value) {
  return `${value}`;
}

function usvString(value) {
  const text = `${value}`;
  if (text.toWellFormed) return text.toWellFormed();
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

function integer(value, bits, isSigned, enforceRange, what) {
  let number = +value;
  const isBig = bits === 64;
  const highest = isBig ? Number.MAX_SAFE_INTEGER : 2 ** (isSigned ? bits - 1 : bits) - 1;
  const lowest = isSigned ? (isBig ? Number.MIN_SAFE_INTEGER : -(2 ** (bits - 1))) : 0;
  if (enforceRange) {
    if (!Number.isFinite(number)) throw new TypeError(`${what} is not a finite number.`);
    number = Math.trunc(number) + 0;
    if (number < lowest || number > highest) {
      throw new TypeError(`${what} is outside the range ${lowest} to ${highest}.`);
    }
    return number;
  }
  if (!Number.isFinite(number)) return 0;
  if (isBig) return Number(isSigned ? BigInt.asIntN(64, BigInt(Math.trunc(number))) :
      BigInt.asUintN(64, BigInt(Math.trunc(number))));
  const modulus = 2 ** bits;
  number = Math.trunc(number) % modulus + 0;
  if (number < 0) number += modulus;
  return isSigned && number > highest ? number - modulus : number;
}

function object(value, what) {
  if (!isObject(value)) throw new TypeError(`${what} is not an object.`);
  return value;
}

function callback(value, what) {
  if (typeof value !== 'function') throw new TypeError(`${what} is not a function.`);
  return value;
}

function isIterable(value) {
  if (!isObject(value)) return false;
  const method = value[Symbol.iterator];
  return method !== undefined && method !== null;
}

function sequence(value, convert, what) {
  if (!isObject(value)) throw new TypeError(`${what} is not an object.`);
  const method = value[Symbol.iterator];
  if (typeof method !== 'function') throw new TypeError(`${what} is not iterable.`);
  const result = [];
  for (const item of {[Symbol.iterator]: () => method.call(value)}) result.push(convert(item));
  return result;
}

function checkDictionary(value, name, what) {
  if (value === undefined || value === null || isObject(value)) return;
  throw new TypeError(`${what} is not of type '${name}'.`);
}

function get(dictionary, name) {
  return dictionary === undefined || dictionary === null ? undefined : dictionary[name];
}

function missing(what) {
  throw new TypeError(`${what} is required.`);
}

function convertEnum(values, name, value, what) {
  const text = `${value}`;
  if (!values.has(text)) throw new TypeError(`${what}: '${text}' is not a valid value for ${name}.`);
  return text;
}

// The getters themselves, because objects may have properties of the same names.
const getter = (prototype, name) => {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return get && ((object) => get.call(object));
};
const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const shapeOf = (prototype) => ({
  buffer: getter(prototype, 'buffer'),
  byteOffset: getter(prototype, 'byteOffset'),
  byteLength: getter(prototype, 'byteLength'),
});
const typedArrayShape = shapeOf(typedArray);
const dataViewShape = shapeOf(DataView.prototype);
const typeNameOf = getter(typedArray, Symbol.toStringTag);
const sizeOfBuffer = getter(ArrayBuffer.prototype, 'byteLength');
const isResizable = getter(ArrayBuffer.prototype, 'resizable');

function isArrayBuffer(value) {
  try {
    sizeOfBuffer(value);
    return true;
  } catch {
    return false;
  }
}

// (USVString or Blob or ArrayBuffer or ArrayBufferView); views become Uint8Arrays.
function message(value, what) {
  if (!isObject(value)) return usvString(value);
  if (value instanceof Blob) return value;
  const isView = ArrayBuffer.isView(value);
  const shape = isView && (typeNameOf(value) ? typedArrayShape : dataViewShape);
  const buffer = isView ? shape.buffer(value) : value;
  if (!isArrayBuffer(buffer)) {
    if (isView) throw new TypeError(`${what} is a view of a shared buffer.`);
    return usvString(value);
  }
  if (isResizable?.(buffer)) throw new TypeError(`${what} is a resizable buffer.`);
  if (!isView || typeNameOf(value) === 'Uint8Array') return value;
  return new Uint8Array(buffer, shape.byteOffset(value), shape.byteLength(value));
}

// webrtc-pc 4.4.3: the methods as they were before promises. The callbacks get the outcome, the
// promise fulfils with undefined.
function withCallbacks(start, success, failure) {
  start().then(success, failure).catch(reportError);
  return Promise.resolve();
}

// HTML "report the exception": as from a listener of an event.
function reportError(error) {
  process.nextTick(() => {
    throw error;
  });
}

module.exports = {
  kCreation, isObject, isCreation, illegalInvocation, illegalConstructor, checkCount, noOverload,
  finishClass, domString, usvString, integer, object, callback, isIterable, sequence,
  checkDictionary, get, missing, convertEnum, message, withCallbacks, reportError,
};
