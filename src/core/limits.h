#pragma once

#include <cstddef>
#include <cstdint>

#include "core/time.h"

// Every bound and default that holds back what others may make us spend, in one place. Each is
// enforced and counted where it is used; where the number comes from an RFC the section says so.

namespace parley::limits {

namespace sctp {
inline constexpr std::size_t kMessageMax = 262'144;            // what we announce
inline constexpr std::size_t kMessageMaxUnannounced = 65'536;  // RFC 8841 6.1: absent in SDP
inline constexpr std::size_t kMessageMaxConfigurable = 64u << 20;
inline constexpr std::size_t kReceiveWindow = 5u << 20;
inline constexpr std::size_t kFragmentOverhead = 64;  // counted per fragment held
inline constexpr std::size_t kMessageOverhead = 128;  // counted per message unread
inline constexpr std::uint32_t kTsnDistanceMin = 2'000;
inline constexpr std::uint32_t kTsnDistanceMax = 32'768;
inline constexpr std::size_t kGapRangesKept = 1'024;
inline constexpr std::size_t kGapRangesReported = 64;
inline constexpr std::size_t kDuplicatesReported = 20;
inline constexpr std::size_t kIncompleteMessages = 1'024;
inline constexpr std::uint16_t kStreams = 1'024;
inline constexpr std::size_t kPacketSize = 1'191;  // inside a 1,280-byte path
inline constexpr Duration kRtoInitial = 500ms;
inline constexpr Duration kRtoMin = 200ms;
inline constexpr Duration kRtoMax = 3s;
inline constexpr Duration kHandshakeTimer = 1s;  // T1-init, T1-cookie
inline constexpr Duration kHandshakeTimerMax = 3s;
inline constexpr Duration kCookieLifetime = 60s;     // RFC 9260 16
inline constexpr Duration kHeartbeatInterval = 30s;  // RFC 9260 16
inline constexpr Duration kResetHold = 30s;          // an id waits for both directions
inline constexpr std::size_t kInitialWindowPackets = 10;
inline constexpr std::size_t kBurstPackets = 4;  // RFC 9260 16: Max.Burst
}  // namespace sctp

namespace channel {
inline constexpr std::size_t kLabelMax = 65'535;  // webrtc-pc createDataChannel
inline constexpr std::size_t kSendBufferPerChannel = 16u << 20;
inline constexpr std::size_t kSendBufferPerConnection = 64u << 20;
inline constexpr std::size_t kEarlyBytes = 64u << 10;  // data that overtook its OPEN
inline constexpr Duration kEarlyHold = 2s;
}  // namespace channel

namespace dtls {
inline constexpr std::size_t kDatagramIn = 2'048;
inline constexpr std::size_t kMtu = 1'200;
inline constexpr std::size_t kCertificateDer = 16'384;
inline constexpr std::size_t kFingerprints = 8;
inline constexpr std::size_t kHeldDatagrams = 4;  // before the fingerprint is known
inline constexpr std::size_t kHeldBytes = 8'192;
inline constexpr std::size_t kMessage = 16'640;  // of the handshake: the certificate and its frame
inline constexpr std::size_t kMessages = 8;      // of one side: places in its numbering
inline constexpr Duration kRetransmitFirstMin = 50ms;
inline constexpr Duration kRetransmitFirstMax = 1s;
inline constexpr Duration kRetransmitMax = 5s;
inline constexpr Duration kHandshake = 30s;
inline constexpr Duration kSecondOpinion = 10s;  // for the right certificate, after a wrong one
inline constexpr int kVerdictsPerSecond = 200;   // flights whose signature is verified
inline constexpr Duration kCookieInterval = 50ms;
inline constexpr int kCookieTries = 2;  // of a hello with a cookie, before another without
inline constexpr int kRestarts = 10;
inline constexpr int kRestartsPerSecond = 3;
inline constexpr std::size_t kUnreadRecords = 1'024;  // opened, not yet taken by read()
}  // namespace dtls

namespace tls {
inline constexpr std::size_t kCertificates = 64u << 10;  // of one chain, as it is sent
inline constexpr int kChainLength = 8;
inline constexpr std::size_t kUnreadBytes = 256u << 10;  // opened, not yet taken by read()
inline constexpr Duration kHandshake = 30s;
}  // namespace tls

namespace ice {
inline constexpr std::size_t kLocalCandidates = 64;
inline constexpr std::size_t kOwnNames = 16;     // of one connection, in place of its addresses
inline constexpr std::size_t kTcpStreams = 64;   // of one candidate
inline constexpr std::size_t kTcpUnproved = 16;  // accepted, and no check of the peer came yet
inline constexpr std::size_t kTcpUnprovedBySource = 4;  // of them
inline constexpr Duration kTcpHeadStart = 250ms;        // of UDP, before anything connects
inline constexpr Duration kTcpProof = 10s;              // and then they are closed
inline constexpr Duration kTcpIdle = 30s;               // nothing went either way: consent is over
inline constexpr std::size_t kTcpUnsent = 256u << 10;   // bytes of a stream; more is lost like UDP
inline constexpr std::size_t kRemoteCandidates = 100;
inline constexpr std::size_t kPairs = 100;  // RFC 8445 6.1.2.5
inline constexpr std::size_t kPeerReflexive = 32;
inline constexpr std::size_t kServers = 32;
inline constexpr Duration kPacing = 50ms;  // RFC 8445 14.2: Ta
inline constexpr int kGatherTries = 5;     // of a Binding request to a server: 10 s in all
inline constexpr Duration kGatherLastWait = 2'500ms;  // after the last of them
inline constexpr std::size_t kProbes = 128;           // by transport: sockets times servers
inline constexpr std::size_t kRelays = 16;            // allocations by transport
inline constexpr unsigned kRelaySources = 2;          // of our addresses, by family and server
inline constexpr std::size_t kPool = 8;               // transports gathered for ahead of need
inline constexpr Duration kKeepalive = 15s;   // of a reflexive address that is not in use yet
inline constexpr Duration kCheckRto = 500ms;  // RFC 8445 14.3
inline constexpr int kCheckTries = 7;         // RFC 8489 6.2.1: Rc
inline constexpr std::size_t kTransactions = 256;
inline constexpr Duration kTriggeredPacing = 5ms;         // RFC 8445 14.2: never below
inline constexpr Duration kPatience = 39'500ms;           // RFC 8863 4: PAC timer
inline constexpr Duration kNominationGrace = 100ms;       // for better pairs under way
inline constexpr Duration kRelayNominationGrace = 500ms;  // when the best is relayed
inline constexpr Duration kRenominationHold = 2s;         // a worse pair must wait so long
inline constexpr Duration kBetterFor = 1s;                // before a call moves to a better pair
inline constexpr Duration kRecoveryRetry = 1s;            // checks of a silent pair
inline constexpr Duration kRetiredGeneration = 3s;        // still heard after a restart
inline constexpr std::size_t kEarlyRequests = 32;         // before the remote description
inline constexpr std::size_t kConsentOutstanding = 8;
inline constexpr int kErrorsPerSecond = 10;       // answers to strangers
inline constexpr Duration kConsentInterval = 5s;  // RFC 7675 5.1, +- 20 %
inline constexpr Duration kConsentExpires = 30s;
inline constexpr Duration kDisconnected = 5s;
inline constexpr Duration kFailed = 30s;
inline constexpr int kRoleSwitches = 3;
inline constexpr std::size_t kUfragLength = 8;
inline constexpr std::size_t kPasswordLength = 24;
inline constexpr std::size_t kCredentialMax = 256;  // RFC 8839 5.4
inline constexpr std::size_t kStunMessage = 1'280;
inline constexpr std::size_t kStunAttributes = 64;
}  // namespace ice

namespace turn {
inline constexpr Duration kLifetime = 600s;            // RFC 8656 3.2
inline constexpr Duration kRefreshEarly = 60s;         // RFC 8656 3.2: a minute before it ends
inline constexpr Duration kPermissionRefresh = 240s;   // RFC 8656 9: they last 300 s
inline constexpr Duration kChannelRefresh = 540s;      // RFC 8656 12: they last 600 s
inline constexpr Duration kReliableWait = 39'500ms;    // RFC 8489 6.2.2: Ti
inline constexpr int kReleaseTries = 7;                // and no longer than the tail
inline constexpr std::size_t kPeers = 128;             // permissions asked for, by allocation
inline constexpr Duration kPermissionLifetime = 300s;  // RFC 8656 9
inline constexpr Duration kChannelLifetime = 600s;     // RFC 8656 12
inline constexpr Duration kChannelHold = 300s;         // RFC 8656 12: before another number
inline constexpr Duration kPeerIdle = 300s;            // unused so long, it is left to lapse
inline constexpr Duration kRefusalHold = 300s;         // before a refused peer is asked for again
inline constexpr Duration kLifetimeBelieved = 3'600s;  // a refresh each hour does no harm
inline constexpr Duration kRefreshRetry = 15s;         // after an error that may pass
inline constexpr Duration kRtoMin = 100ms;             // once the round trip is known
inline constexpr Duration kReleaseRtoMax = 2s;         // Refresh with lifetime 0 is asked again
inline constexpr std::size_t kTransactions = 64;       // under way at once, by allocation
inline constexpr std::size_t kTransactionsKept = 2;    // of those for Allocate and Refresh
inline constexpr std::size_t kPeersByRequest = 16;     // of a CreatePermission
inline constexpr std::size_t kRequest = 1'200;         // bytes, inside a 1,280-byte path
inline constexpr std::size_t kHeldPacket = 512;        // the last to a peer, until it is permitted
inline constexpr std::size_t kNonce = 763;             // RFC 8489 14.9, 14.10: REALM as well
inline constexpr std::size_t kReason = 128;            // of a phrase of the server's
inline constexpr int kChallenges = 3;                  // 401 and 438 in a row, by request
inline constexpr int kAllocateTries = 3;               // 437 and 486: from another port
inline constexpr int kRedirects = 3;                   // 300 in a row
inline constexpr Duration kFarewell = 100ms;           // a selected relay waits so long in the tail
inline constexpr std::size_t kMessage = 1'600;         // the largest block of the pool
inline constexpr std::size_t kProxyAnswer = 8u << 10;  // bytes of a proxy's headers
inline constexpr Duration kProxy = 15s;                // until a proxy has let us through
}  // namespace turn

namespace mdns {
inline constexpr std::size_t kMessage = 9'000;            // RFC 6762 17, headers included
inline constexpr std::size_t kPacket = 1'200;             // what we write ourselves
inline constexpr std::size_t kEntries = 256;              // questions and records of a message
inline constexpr std::size_t kJumps = 16;                 // of compression, in one name
inline constexpr std::size_t kAsked = 64;                 // names under way, by loop
inline constexpr std::size_t kPublished = 256;            // names of our own, by loop
inline constexpr std::size_t kAddresses = 8;              // of one name, in one answer
inline constexpr Duration kTimeout = 5s;                  // then nobody knows the name
inline constexpr int kQueriesPerSecond = 20;              // packets; the draft, 6.1
inline constexpr int kAnswersPerSecond = 50;              // packets, announcements included
inline constexpr Duration kTtl = 120s;                    // RFC 6762 10
inline constexpr Duration kLegacyTtl = 10s;               // RFC 6762 6.7
inline constexpr std::size_t kNamesOfSession = 16;        // of remote candidates, unanswered,
inline constexpr std::size_t kNamesAskedBySession = 4;    // and under way at once
inline constexpr std::size_t kCandidatesOfSession = 100;  // which wait for them
}  // namespace mdns

namespace server {
inline constexpr std::size_t kMessage = 1'600;         // the largest block of the pool
inline constexpr Duration kLifetimeDefault = 600s;     // RFC 8656 3.2
inline constexpr Duration kLifetimeMax = 3'600s;       // RFC 8656 7.2
inline constexpr Duration kPermissionLifetime = 300s;  // RFC 8656 9
inline constexpr Duration kChannelLifetime = 600s;     // RFC 8656 12
inline constexpr Duration kNonceLifetime = 3'600s;     // RFC 8656 5: at least once per hour
inline constexpr std::size_t kAllocations = 4'096;
inline constexpr std::size_t kAllocationsPerUser = 64;
inline constexpr std::size_t kPermissions = 64;  // of an allocation
inline constexpr std::size_t kChannels = 64;     // of an allocation
inline constexpr int kEvenPortTries = 16;
inline constexpr std::uint32_t kStrangerAnswers = 10;  // a second and source, unauthenticated
inline constexpr std::size_t kStrangerSlots = 4'096;   // which the sources share
}  // namespace server

namespace sdp {
inline constexpr std::size_t kBytes = 256u << 10;
inline constexpr std::size_t kLines = 10'000;
inline constexpr std::size_t kLineLength = 8'192;
inline constexpr std::size_t kSections = 256;
inline constexpr std::size_t kAttributesPerSection = 1'024;
inline constexpr std::size_t kCodecs = 128;
inline constexpr std::size_t kExtensions = 255;
inline constexpr std::size_t kSsrcs = 1'024;
inline constexpr std::size_t kMid = 64;
}  // namespace sdp

namespace mux {
inline constexpr std::size_t kShares = 65'536;       // of one socket
inline constexpr std::size_t kRoutes = 8;            // remote addresses of a share
inline constexpr std::size_t kRequestsKept = 128;    // of a share: may be answered from anywhere
inline constexpr std::size_t kUnsent = 4'096;        // datagrams while the socket is not writable
inline constexpr std::size_t kStreams = 256;         // accepted, and it is not known whose they are
inline constexpr std::size_t kStreamsBySource = 16;  // of them
}  // namespace mux

namespace loop {
inline constexpr std::size_t kPackets = 65'536;       // pool blocks, 112 MiB in all
inline constexpr std::size_t kDatagramsPerStep = 64;  // from one socket
inline constexpr std::size_t kTimersPerStep = 1'024;
inline constexpr int kSettleRounds = 16;              // then the rest waits a step
inline constexpr std::size_t kUnsentPerSocket = 256;  // while the socket is not writable
inline constexpr std::size_t kUnsentBytesPerStream = 1u << 20;
inline constexpr std::size_t kStreamBytesPerStep = 64u << 10;  // from one stream
inline constexpr int kAcceptsPerStep = 16;                     // from one listener
inline constexpr int kBacklog = 128;
inline constexpr std::size_t kAcceptedPerListener = 1'024;  // open at once
inline constexpr Duration kAcceptPause = 100ms;             // while there is no descriptor left
inline constexpr Duration kStreamTimeout = 30s;             // unacknowledged, or not connected
inline constexpr Duration kStreamLinger = 2s;               // of what is unsent when it is closed
inline constexpr std::size_t kResolverThreads = 4;          // look-ups under way at once
inline constexpr std::size_t kTails = 16'384;
inline constexpr Duration kInterfacesSettle = 200ms;  // changes within it are told as one
inline constexpr Duration kInterfacesPoll = 5s;       // where the system tells nothing
inline constexpr Duration kTail = 8s;
inline constexpr Duration kFlush = 60s;  // of a close that delivers first
inline constexpr int kTailAnswers = 8;
}  // namespace loop

}  // namespace parley::limits
