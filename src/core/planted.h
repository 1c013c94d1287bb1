#pragma once

#include <cstdint>

// Bugs we plant on purpose, to prove that the simulator finds them: each re-creates one that some
// stack really had. Only builds with PARLEY_PLANTED (the `checked` preset) contain them, one at a
// time switched on by `./dev sim --power`; everywhere else isPlanted() is the constant false and
// the code behind it is gone.

namespace parley {

enum class PlantedBug : std::uint8_t {
  none,
  zeroLengthChunk,       // S-1: a chunk of length 0 is stepped over by nothing, for ever
  sackBeyondSent,        // S-8: a SACK that acknowledges what was never sent is believed
  flightNotReduced,      // S-17: what is lost still counts as in flight
  forwardTsnTooFar,      // S-13: FORWARD TSN skips one chunk more than was given up
  wrapIgnored,           // S-11: numbers are compared without regard to their wrap
  duplicateDelivered,    // a chunk that comes a second time is taken a second time
  windowUpdateLost,      // S-12: a window that reopens is not told of
  t3Forgotten,           // S-17: the retransmission timer is not started again after a time-out
  fragmentLost,          // the last piece of a message that came in several runs is left out
  orderForgotten,        // an ordered message that waits is delivered at once
  cookieNotRepeated,     // S-16: a COOKIE ECHO that was lost is not sent again
  idReusedEarly,         // C-2: an id is free again before both directions are reset
  closeDropsQueued,      // C-7: a channel is reset before what it had queued has arrived
  resetNotRepeated,      // S-10: a reset whose request was lost is never asked for again
  closeNotAnswered,      // a channel that the peer closes is not closed here
  earlyDataLost,         // C-8: data that overtook its OPEN is forgotten
  bufferedTwice,         // C-6: bytes that were sent leave bufferedAmount twice
  lowMissed,             // C-6: bufferedamountlow fires only when nothing at all is left
  closeTwice,            // C-7: the close event fires twice
  unreadForgotten,       // C-9: messages that nobody reads stay in the receive window for ever
  negotiationOnce,       // J-7: negotiationneeded never fires a second time
  fingerprintIgnored,    // D-3: the certificate is compared and the result ignored
  windowBeforeTag,       // D-7: the replay window moves before the tag is verified
  flightNotRepeated,     // a handshake flight that was lost is not sent again
  lastFlightOnce,        // the last flight of a handshake is not repeated when the peer asks
  sendsUnvalidated,      // I-2: data goes to an address that has never answered
  disconnectedForEver,   // a connection that was disconnected never counts as recovered
  consentForEver,        // I-3: consent never expires
  consentOfOneAnswer,    // I-3: one answer that is lost ends consent
  checkStorm,            // I-4: an answered check is sent again at once
  restartKeepsPassword,  // a restart goes on with the password of the generation before
  closeIsSilent,         // S-16: close() says goodbye to nobody
  guestNotLeft,  // L-1, L-7: a closed connection stays with the loop, which calls it when it is
                 // gone
  tailForEver,   // the tail of a closed connection never gives up
  farewellOnce,  // the farewell is said once, and never again when it was lost
  ackedTwice,    // S-8: a gap and then the cumulative TSN both end the flight of a chunk
  fragmentsAcrossHole,   // S-9: a fragment is joined to the one before it across a hole
  partDelivered,         // S-13: what was given up is delivered as far as it has come
  resetNeverPerformed,   // S-10: a reset that was put off is forgotten, "in progress" for good
  expiredStaysBuffered,  // C-6: what expires unsent never leaves bufferedAmount
  closedBeforeMessages,  // C-7: the close event overtakes messages that are held back
  messageBeforeOpen,     // C-8: the open event does not come first
  glareWithoutRollback,  // J-7: an offer replaces ours without a way through stable
  skipOnFreshStream,     // S-13: a skip that is the first thing on its stream is lost
  resetPerformedTwice,   // S-10: a request that came again is performed again
  abortNotSent,          // S-16: close() says close_notify only, no ABORT
  unreadNotCounted,      // C-9: unread messages leave the receive window open
  emptyRecordStands,     // S-1: the cursor does not move over a DTLS record of length 0
  alertBelieved,         // D-1: a plaintext alert ends the handshake
  noSecondAttempt,       // D-2: what OpenSSL cannot read ends the connection
  strangersHeard,        // I-1: DTLS is taken from any address
  rollbackKeepsPending,  // J-7: a rollback leaves the pending local description
  socketNotClosed,       // L-6: the socket stays open under the loop
  timerAfterClose,       // L-7: the timer of who has left stays armed

  turnNotReleased,          // release() sends nothing and calls the allocation released
  turnNonceIgnored,         // a stale nonce is taken for the end of a release
  turnPermissionForgotten,  // permissions are not refreshed
  turnRefreshForgotten,     // the allocation is not refreshed
  turnUnsignedBelieved,     // successes are believed whoever signed them

  relayNotLeft,         // close() gives back the relay that is selected and forgets the others
  relayTailOnce,        // what is given back is said once, whether the server has heard it or not
  relayOnlyLeaks,       // with a policy of relay, host candidates are gathered all the same
  relayTellsBase,       // with a policy of relay, a relayed candidate tells how the server sees us
  relayNotProved,       // a restart goes on with an allocation that the server has forgotten
  gatheringNeverEnds,   // a server that does not answer is waited for without end
  reflexiveWrongBase,   // how the server sees the socket of a relay is told for a host candidate
  mappingNotKept,       // a reflexive address that is not in use yet is not kept alive
  relayMappingNotKept,  // nor the way to a relay
};

struct PlantedBugName {
  PlantedBug bug;
  const char* name;
};
inline constexpr PlantedBugName kPlantedBugs[] = {
    {PlantedBug::zeroLengthChunk, "zeroLengthChunk"},
    {PlantedBug::sackBeyondSent, "sackBeyondSent"},
    {PlantedBug::flightNotReduced, "flightNotReduced"},
    {PlantedBug::forwardTsnTooFar, "forwardTsnTooFar"},
    {PlantedBug::wrapIgnored, "wrapIgnored"},
    {PlantedBug::duplicateDelivered, "duplicateDelivered"},
    {PlantedBug::windowUpdateLost, "windowUpdateLost"},
    {PlantedBug::t3Forgotten, "t3Forgotten"},
    {PlantedBug::fragmentLost, "fragmentLost"},
    {PlantedBug::orderForgotten, "orderForgotten"},
    {PlantedBug::cookieNotRepeated, "cookieNotRepeated"},
    {PlantedBug::idReusedEarly, "idReusedEarly"},
    {PlantedBug::closeDropsQueued, "closeDropsQueued"},
    {PlantedBug::resetNotRepeated, "resetNotRepeated"},
    {PlantedBug::closeNotAnswered, "closeNotAnswered"},
    {PlantedBug::earlyDataLost, "earlyDataLost"},
    {PlantedBug::bufferedTwice, "bufferedTwice"},
    {PlantedBug::lowMissed, "lowMissed"},
    {PlantedBug::closeTwice, "closeTwice"},
    {PlantedBug::unreadForgotten, "unreadForgotten"},
    {PlantedBug::negotiationOnce, "negotiationOnce"},
    {PlantedBug::fingerprintIgnored, "fingerprintIgnored"},
    {PlantedBug::windowBeforeTag, "windowBeforeTag"},
    {PlantedBug::flightNotRepeated, "flightNotRepeated"},
    {PlantedBug::lastFlightOnce, "lastFlightOnce"},
    {PlantedBug::sendsUnvalidated, "sendsUnvalidated"},
    {PlantedBug::disconnectedForEver, "disconnectedForEver"},
    {PlantedBug::consentForEver, "consentForEver"},
    {PlantedBug::consentOfOneAnswer, "consentOfOneAnswer"},
    {PlantedBug::checkStorm, "checkStorm"},
    {PlantedBug::restartKeepsPassword, "restartKeepsPassword"},
    {PlantedBug::closeIsSilent, "closeIsSilent"},
    {PlantedBug::guestNotLeft, "guestNotLeft"},
    {PlantedBug::tailForEver, "tailForEver"},
    {PlantedBug::farewellOnce, "farewellOnce"},
    {PlantedBug::ackedTwice, "ackedTwice"},
    {PlantedBug::fragmentsAcrossHole, "fragmentsAcrossHole"},
    {PlantedBug::partDelivered, "partDelivered"},
    {PlantedBug::resetNeverPerformed, "resetNeverPerformed"},
    {PlantedBug::expiredStaysBuffered, "expiredStaysBuffered"},
    {PlantedBug::closedBeforeMessages, "closedBeforeMessages"},
    {PlantedBug::messageBeforeOpen, "messageBeforeOpen"},
    {PlantedBug::glareWithoutRollback, "glareWithoutRollback"},
    {PlantedBug::skipOnFreshStream, "skipOnFreshStream"},
    {PlantedBug::resetPerformedTwice, "resetPerformedTwice"},
    {PlantedBug::abortNotSent, "abortNotSent"},
    {PlantedBug::unreadNotCounted, "unreadNotCounted"},
    {PlantedBug::emptyRecordStands, "emptyRecordStands"},
    {PlantedBug::alertBelieved, "alertBelieved"},
    {PlantedBug::noSecondAttempt, "noSecondAttempt"},
    {PlantedBug::strangersHeard, "strangersHeard"},
    {PlantedBug::rollbackKeepsPending, "rollbackKeepsPending"},
    {PlantedBug::socketNotClosed, "socketNotClosed"},
    {PlantedBug::timerAfterClose, "timerAfterClose"},
    {PlantedBug::turnNotReleased, "turnNotReleased"},
    {PlantedBug::turnNonceIgnored, "turnNonceIgnored"},
    {PlantedBug::turnPermissionForgotten, "turnPermissionForgotten"},
    {PlantedBug::turnRefreshForgotten, "turnRefreshForgotten"},
    {PlantedBug::turnUnsignedBelieved, "turnUnsignedBelieved"},
    {PlantedBug::relayNotLeft, "relayNotLeft"},
    {PlantedBug::relayTailOnce, "relayTailOnce"},
    {PlantedBug::relayOnlyLeaks, "relayOnlyLeaks"},
    {PlantedBug::relayTellsBase, "relayTellsBase"},
    {PlantedBug::relayNotProved, "relayNotProved"},
    {PlantedBug::gatheringNeverEnds, "gatheringNeverEnds"},
    {PlantedBug::reflexiveWrongBase, "reflexiveWrongBase"},
    {PlantedBug::mappingNotKept, "mappingNotKept"},
    {PlantedBug::relayMappingNotKept, "relayMappingNotKept"},
};

#ifdef PARLEY_PLANTED
namespace planted {
inline PlantedBug active = PlantedBug::none;  // set before a world begins, never during it
}
inline bool isPlanted(PlantedBug bug) { return planted::active == bug; }
#else
constexpr bool isPlanted(PlantedBug) { return false; }
#endif

}  // namespace parley
