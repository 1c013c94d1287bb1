// Two peers in one process, and small things to wait with.

import {nonstandard} from '../index.mjs';

export function peer(configuration = {}, tuning = {}) {
  return nonstandard.createPeerConnection(configuration, {includeLoopback: true, ...tuning});
}

export const next = (target, type) =>
  new Promise((resolve) => target.addEventListener(type, resolve, {once: true}));

// `condition` is given the target, so that no closure has to keep it alive.
export async function until(target, type, condition) {
  while (!condition(target)) await next(target, type);
}

// Candidates flow both ways; negotiation is by the two functions below.
export function trickle(one, other) {
  for (const [from, to] of [[one, other], [other, one]]) {
    from.addEventListener('icecandidate', ({candidate}) => {
      if (to.signalingState !== 'closed') to.addIceCandidate(candidate ?? undefined).catch(() => {});
    });
  }
}

export async function negotiate(offerer, answerer) {
  await offerer.setLocalDescription();
  await answerer.setRemoteDescription(offerer.localDescription);
  await answerer.setLocalDescription();
  await offerer.setRemoteDescription(answerer.localDescription);
}

// Two connected peers and the two ends of one open channel.
export async function connect({init = {}, label = 'chat', one = peer(), other = peer()} = {}) {
  trickle(one, other);
  const channel = one.createDataChannel(label, init);
  const opened = next(channel, 'open');
  const announced = next(other, 'datachannel');
  await negotiate(one, other);
  const {channel: remoteChannel} = await announced;
  await until(remoteChannel, 'open', (each) => each.readyState === 'open');
  await opened;
  return {one, other, channel, remoteChannel, close: () => { one.close(); other.close(); }};
}

// Turns of the event loop; for what must not happen.
export async function turns(count) {
  for (let i = 0; i < count; ++i) await new Promise((resolve) => setImmediate(resolve));
}
