// What of the W3C interfaces this version offers. Everything in the files below is generated
// unless it is listed here with its reason, so a change of the specification shows as a change of
// the generated files, and nothing is forgotten silently.

// Specifications that are taken whole (npm @webref/idl), and our own extensions.
export const specifications = ['webrtc.idl', 'webrtc-priority.idl'];
export const extensions = ['parley.idl'];

// Single definitions that the above refer to.
export const borrowed = {
  'dom.idl': ['EventInit'],
  'hr-time.idl': ['EpochTimeStamp'],
  'webcrypto.idl': ['AlgorithmIdentifier'],
  'websockets.idl': ['BinaryType'],
};

// Classes of Node that the generated classes extend or refer to.
export const hosts = ['EventTarget', 'Event', 'DOMException', 'MessageEvent', 'Blob'];

const media = 'media is not offered yet';
const statistics = 'statistics are not offered yet';

export const leftOut = {
  // Interfaces; what only they use goes with them.
  RTCRtpSender: media,
  RTCRtpReceiver: media,
  RTCRtpTransceiver: media,
  RTCTrackEvent: media,
  RTCDTMFSender: media,
  RTCDTMFToneChangeEvent: media,
  RTCStatsReport: statistics,

  // Members.
  'RTCPeerConnection.getSenders': media,
  'RTCPeerConnection.getReceivers': media,
  'RTCPeerConnection.getTransceivers': media,
  'RTCPeerConnection.addTrack': media,
  'RTCPeerConnection.removeTrack': media,
  'RTCPeerConnection.addTransceiver': media,
  'RTCPeerConnection.ontrack': media,
  'RTCPeerConnection.getStats': statistics,
  'RTCOfferOptions.offerToReceiveAudio': media,
  'RTCOfferOptions.offerToReceiveVideo': media,
};

// Dictionaries that no operation takes as it is, but that are read or written all the same.
export const alsoDictionaries = ['RTCCertificateExpiration', 'ParleyTuning'];

// Interfaces whose attributes are plain values given to the constructor; all others are backed by
// a class of the same name in lib/impl.
export function isRecord(idl) {
  return idl.inheritance === 'Event' || idl.inheritance === 'DOMException';
}
