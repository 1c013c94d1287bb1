'use strict';

// The example of RTCPeerConnection.close() as MDN has it, between the two lines below, and a
// second peer beside it that sends it a message. The process ends by itself.

const {RTCPeerConnection, releaseReport, version} = require('.');

const start = performance.now();
function tell(who, what) {
  console.log(`${(performance.now() - start).toFixed(1).padStart(8)} ms  ${who.padEnd(7)} ${what}`);
}

// ------------------------------------------------------------------------------------------------
var pc = new RTCPeerConnection();
var dc = pc.createDataChannel("my channel");

dc.onmessage = function (event) {
  console.log("received: " + event.data);
  pc.close(); // We decided to close after the first received message
};

dc.onopen = function () {
  console.log("datachannel open");
};

dc.onclose = function () {
  console.log("datachannel close");
};
// ------------------------------------------------------------------------------------------------

function watch(name, connection) {
  for (const state of ['signalingState', 'iceConnectionState', 'connectionState']) {
    connection.addEventListener(`${state.toLowerCase()}change`, () => tell(name, `${state} ${connection[state]}`));
  }
}

async function main() {
  tell('demo', `Parley ${version.parley} on ${version.openssl}, Node ${process.version}`);
  const remote = new RTCPeerConnection();
  watch('local', pc);
  watch('remote', remote);
  pc.addEventListener('icecandidate', ({candidate}) => remote.addIceCandidate(candidate ?? undefined));
  remote.addEventListener('icecandidate', ({candidate}) => {
    if (pc.signalingState !== 'closed') pc.addIceCandidate(candidate ?? undefined);
  });
  dc.addEventListener('message', () => tell('local', `called close(): connectionState ${pc.connectionState}`));

  const closed = new Promise((resolve) => {
    remote.ondatachannel = ({channel}) => {
      tell('remote', `datachannel "${channel.label}"`);
      channel.onopen = () => channel.send('hello from the other side');
      channel.onclose = () => {
        tell('remote', 'datachannel closed by the peer');
        resolve();
      };
    };
  });

  await pc.setLocalDescription();
  await remote.setRemoteDescription(pc.localDescription);
  await remote.setLocalDescription();
  await pc.setRemoteDescription(remote.localDescription);

  await closed;
  remote.close();
  tell('remote', 'closed too');
  const report = await releaseReport();
  tell('demo', `still held: ${JSON.stringify(report)}`);
}

process.on('exit', () => tell('demo', 'the process ends by itself'));
main();
