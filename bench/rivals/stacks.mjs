// A connected pair of each stack behind one face: send and reply, onmessage and onreply with what
// arrived, buffered and onlow of the sender, closeFirst (the connection of the sender) and onclose
// (the channel of the other side).

const idle = () => ({ onmessage() {}, onreply() {}, onclose() {} });

async function nodeDatachannel() {
  const { default: library } = await import('node-datachannel');
  return { pair: () => new Promise((resolve) => {
    const a = new library.PeerConnection('a', { iceServers: [] }), b = new library.PeerConnection('b', { iceServers: [] });
    a.onLocalDescription((sdp, type) => b.setRemoteDescription(sdp, type));
    b.onLocalDescription((sdp, type) => a.setRemoteDescription(sdp, type));
    a.onLocalCandidate((candidate, mid) => b.addRemoteCandidate(candidate, mid));
    b.onLocalCandidate((candidate, mid) => a.addRemoteCandidate(candidate, mid));
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

// Anything with the W3C interface.
const w3c = (RTCPeerConnection) => ({
  async pair() {
    const a = new RTCPeerConnection(), b = new RTCPeerConnection();
    a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate);
    b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate);
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
      onlow(amount, handler) { offered.bufferedAmountLowThreshold = amount; offered.onbufferedamountlow = handler; },
      closeFirst: () => a.close(), close() { a.close(); b.close(); },
    });
  },
});

export const stacks = {
  'parley-node': async () => w3c((await import('../../bindings/node/index.mjs')).RTCPeerConnection),
  wrtc: async () => w3c((await import('@roamhq/wrtc')).default.RTCPeerConnection),
  'node-datachannel': nodeDatachannel,
};
