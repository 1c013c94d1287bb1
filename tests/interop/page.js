// Runs inside a browser page: the browser's end of an interop test. What it has to say goes out
// through window.emit(object); see peer.cc for the messages, which are the same.
window.interop = (() => {
  let pc, channel, isRestart;
  const now = () => performance.timeOrigin + performance.now();

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
    channel.onclose = () => emit({ event: 'channelclose', at: now() });
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') return emit({ event: 'message', text: data });
      const bytes = new Uint8Array(data);
      emit({ event: 'message', bytes: bytes.length, checksum: checksum(bytes) });
    };
  };
  const begin = ({ configuration }) => {
    pc = new RTCPeerConnection(configuration);
    pc.onconnectionstatechange = () =>
      emit({ event: 'connectionstate', value: pc.connectionState, at: now() });
    pc.onicecandidateerror = ({ url, errorCode, errorText }) =>
      emit({ event: 'icecandidateerror', url, errorCode, errorText });
    pc.ondatachannel = (event) => use(event.channel);
  };
  // A restart begins in the state in which the gathering before has ended: only the event counts.
  const gathered = () => new Promise((resolve) => {
    const look = () => pc.iceGatheringState === 'complete' && resolve();
    pc.addEventListener('icegatheringstatechange', look);
    if (!isRestart) look();
  });
  const describe = async () => {
    const restarted = isRestart && gathered();
    await pc.setLocalDescription();
    await (restarted || gathered());
    const { type, sdp } = pc.localDescription;
    emit(isRestart ? { type, sdp, restart: true } : { type, sdp });
  };
  const tellPair = async () => {
    const stats = [...(await pc.getStats()).values()];
    const find = (id) => stats.find((each) => each.id === id);
    const pair = find(stats.find(({ type }) => type === 'transport')?.selectedCandidatePairId) ??
      stats.find(({ type, selected }) => type === 'candidate-pair' && selected);
    const end = (id) => { const { candidateType, address, protocol, relayProtocol } = find(id);
      return { type: candidateType, address, protocol, relayProtocol }; };
    emit({ event: 'pair', local: end(pair.localCandidateId), remote: end(pair.remoteCandidateId) });
  };

  return async (message) => {
    if (message.type === 'offer') {
      isRestart = Boolean(message.restart);
      if (!isRestart) begin(message);
      await pc.setRemoteDescription({ type: 'offer', sdp: message.sdp });
      await describe();
    } else if (message.type === 'answer') {
      await pc.setRemoteDescription({ type: 'answer', sdp: message.sdp });
    } else if (message.command === 'offer') {
      isRestart = false;
      begin(message);
      use(pc.createDataChannel('interop'));
      await describe();
    } else if (message.command === 'restart') {
      isRestart = true;
      pc.restartIce();
      await describe();
    } else if (message.command === 'pair') {
      await tellPair();
    } else if (message.command === 'send') {
      channel.send('text' in message ? message.text : pattern(message.bytes, message.seed));
    } else if (message.command === 'close') {
      pc.close();
      emit({ event: 'closed', connectionState: pc.connectionState });
    }
  };
})();
