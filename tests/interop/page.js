// Runs inside a browser page: the browser's end of an interop test. What it has to say goes out
// through window.emit(object); see peer.cc for the messages, which are the same.
window.interop = (() => {
  let pc, channel;

  const checksum = (bytes) => {
    let hash = 0x811c9dc5;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    return hash;
  };
  const pattern = (size, seed) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 255);

  const use = (opened) => {
    channel = opened;
    channel.binaryType = 'arraybuffer';
    channel.onopen = () => emit({ event: 'open', label: channel.label, id: channel.id });
    channel.onclose = () => emit({ event: 'channelclose' });
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') return emit({ event: 'message', text: data });
      const bytes = new Uint8Array(data);
      emit({ event: 'message', bytes: bytes.length, checksum: checksum(bytes) });
    };
  };
  const begin = () => {
    pc = new RTCPeerConnection();
    pc.onconnectionstatechange = () => emit({ event: 'connectionstate', value: pc.connectionState });
    pc.ondatachannel = (event) => use(event.channel);
  };
  const gathered = () => new Promise((resolve) => {
    const look = () => pc.iceGatheringState === 'complete' && resolve();
    pc.addEventListener('icegatheringstatechange', look);
    look();
  });
  const tell = async () => {
    await gathered();
    emit({ type: pc.localDescription.type, sdp: pc.localDescription.sdp });
  };

  return async (message) => {
    if (message.type === 'offer') {
      begin();
      await pc.setRemoteDescription(message);
      await pc.setLocalDescription();
      await tell();
    } else if (message.type === 'answer') {
      await pc.setRemoteDescription(message);
    } else if (message.command === 'offer') {
      begin();
      use(pc.createDataChannel('interop'));
      await pc.setLocalDescription();
      await tell();
    } else if (message.command === 'send') {
      channel.send('text' in message ? message.text : pattern(message.bytes, message.seed));
    } else if (message.command === 'close') {
      pc.close();
      emit({ event: 'closed', connectionState: pc.connectionState });
    }
  };
})();
