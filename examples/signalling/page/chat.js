// The browser's side: perfect negotiation as in webrtc-pc 10.7, and a channel both sides make.
const room = new URLSearchParams(location.search).get('room') ?? 'lobby';
const element = (id) => document.getElementById(id);
element('room').textContent = room;

const log = (text, kind = '') => {
  const line = document.createElement('p');
  line.textContent = text;
  line.className = kind;
  element('log').append(line);
};

const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/room/${room}`);
const send = (message) => socket.send(JSON.stringify(message));
let polite = false;
let negotiate = () => {};

socket.onmessage = async ({ data }) => {
  const message = JSON.parse(data);
  if (message.hello) polite = message.hello.polite;
  else if (message.peer === true) meet();
  else if (message.peer === false) log('the other side has left', 'note');
  else await negotiate(message);
};

function meet() {
  const pc = new RTCPeerConnection();
  let makingOffer = false, ignoreOffer = false, settingRemoteAnswer = false;

  pc.onnegotiationneeded = async () => {
    try {
      makingOffer = true;
      await pc.setLocalDescription();
      send({ description: pc.localDescription });
    } finally { makingOffer = false; }
  };
  pc.onicecandidate = ({ candidate }) => send({ candidate });
  pc.onconnectionstatechange = () => { element('state').textContent = pc.connectionState; };

  negotiate = async ({ description, candidate }) => {
    if (description) {
      const ready = !makingOffer && (pc.signalingState === 'stable' || settingRemoteAnswer);
      ignoreOffer = !polite && description.type === 'offer' && !ready;
      if (ignoreOffer) return;
      settingRemoteAnswer = description.type === 'answer';
      await pc.setRemoteDescription(description);
      settingRemoteAnswer = false;
      if (description.type === 'offer') {
        await pc.setLocalDescription();
        send({ description: pc.localDescription });
      }
    } else if (candidate) {
      try { await pc.addIceCandidate(candidate); } catch (error) { if (!ignoreOffer) throw error; }
    }
  };

  const channel = pc.createDataChannel('chat', { negotiated: true, id: 0 });
  const form = document.querySelector('form');
  const enable = (on) => { for (const control of form.elements) control.disabled = !on; };
  channel.onopen = () => { log('open', 'note'); enable(true); };
  channel.onmessage = ({ data }) => log(data);
  channel.onclose = () => { log('closed by the other side', 'note'); enable(false); };
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = element('text').value;
    if (!text) return;
    channel.send(text);
    log(text, 'mine');
    element('text').value = '';
  };
}
