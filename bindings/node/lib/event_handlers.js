'use strict';

// HTML event handler attributes (`onopen` and the like). A handler is called at the place where it
// was first set among the other listeners; setting another function keeps the place, setting null
// gives it up.

const all = new WeakMap();  // target -> Map of type -> {value, listener}

function get(target, type) {
  return all.get(target)?.get(type)?.value ?? null;
}

function set(target, type, value) {
  let handlers = all.get(target);
  if (!handlers) all.set(target, handlers = new Map());
  const present = handlers.get(type);

  // [LegacyTreatNonObjectAsNull]
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    if (!present) return;
    target.removeEventListener(type, present.listener);
    handlers.delete(type);
    return;
  }
  if (present) {
    present.value = value;
    return;
  }
  const handler = {value, listener: undefined};
  handler.listener = (event) => {
    if (typeof handler.value !== 'function') return undefined;
    const result = handler.value.call(target, event);
    if (result === false) event.preventDefault();
    return result;
  };
  handlers.set(type, handler);
  target.addEventListener(type, handler.listener);
}

module.exports = {get, set};
