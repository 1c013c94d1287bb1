// A connected pair of each stack behind one face: send and reply, onmessage and onreply with what
// arrived, buffered and onlow of the sender, closeFirst (the connection of the sender) and onclose
// (the channel of the other side).

const ignore = () => {};  // a candidate that comes after close()
const idle = () => ({ onmessage() {}, onreply() {}, onclose() {} });

async function nodeDatachannel() {
  const { default: library } = await import('node-datachannel');
  return { pair: () => new Promise((resolve) => {
    const a = new library.PeerConnection('a', { iceServers: [] });
    const b = new library.PeerConnection('b', { iceServers: [] });
    // It refuses candidates that come before the description.
    const signal = (from, to) => {
      let waiting = [];
      const add = (...candidate) => { try { to.addRemoteCandidate(...candidate); } catch { ignore(); } };
      from.onLocalCandidate((candidate, mid) => {
        if (waiting) waiting.push([candidate, mid]); else add(candidate, mid);
      });
      from.onLocalDescription((sdp, type) => {
        to.setRemoteDescription(sdp, type);
        const early = waiting;
        waiting = null;
        for (const [candidate, mid] of early ?? []) add(candidate, mid);
      });
    };
    signal(a, b);
    signal(b, a);
    let offered, announced, opened = 0;
    const ready = () => {
      if (++opened < 2) return;
      const pair = idle();
      announced.onMessage((data) => pair.onmessage(data.length));
      offered.onMessage((data) => pair.onreply(data.length));
      announced.onClosed(() => pair.onclose());
      resolve(Object.assign(pair, {
        send: (data) => offered.sendMessageBinary(data), reply: (data) => announced.sendMessageBinary(data),
        buffered: () => offered.bufferedAmount(),
        onlow(amount, handler) { offered.setBufferedAmountLowThreshold(amount); offered.onBufferedAmountLow(handler); },
        closeFirst: () => a.close(), close() { a.close(); b.close(); },
      }));
    };
    b.onDataChannel((channel) => { announced = channel; channel.onOpen(ready); });
    offered = a.createDataChannel('bench');
    offered.onOpen(ready);
  }) };
}

// Anything with the W3C interface; not all of them fire bufferedamountlow.
const w3c = (RTCPeerConnection, firesLow) => ({
  async pair() {
    const a = new RTCPeerConnection(), b = new RTCPeerConnection();
    a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate).catch(ignore);
    b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate).catch(ignore);
    const offered = a.createDataChannel('bench');
    const arrived = new Promise((resolve) => { b.ondatachannel = ({ channel }) => resolve(channel); });
    const open = (channel) => new Promise((resolve) => {
      if (channel.readyState === 'open') resolve(); else channel.onopen = resolve;
    });
    await a.setLocalDescription(await a.createOffer());
    await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription(await b.createAnswer());
    await a.setRemoteDescription(b.localDescription);
    const announced = await arrived;
    await Promise.all([open(offered), open(announced)]);
    const pair = idle();
    offered.binaryType = announced.binaryType = 'arraybuffer';
    announced.onmessage = ({ data }) => pair.onmessage(data.byteLength);
    offered.onmessage = ({ data }) => pair.onreply(data.byteLength);
    announced.onclose = () => pair.onclose();
    return Object.assign(pair, {
      send: (data) => offered.send(data), reply: (data) => announced.send(data),
      buffered: () => offered.bufferedAmount,
      onlow(amount, handler) {
        if (!firesLow) return setImmediate(handler);
        offered.bufferedAmountLowThreshold = amount;
        offered.onbufferedamountlow = handler;
      },
      closeFirst: () => a.close(), close() { a.close(); b.close(); },
    });
  },
});

export const stacks = {
  'parley-node': async () => w3c((await import('../../bindings/node/index.mjs')).RTCPeerConnection, true),
  wrtc: async () => w3c((await import('@roamhq/wrtc')).default.RTCPeerConnection, false),
  'node-datachannel': nodeDatachannel,
  werift: async () => w3c((await import('werift')).RTCPeerConnection, false),
};
