#pragma once

// Whether a server of the web is who it should be, for .cc files of this folder only.

#include <cstdint>
#include <string>

#include "tls/native.h"
#include "tls/stream.h"

namespace parley::tls {

// Before the handshake: whose certificate it must be, a DNS name or an address, and at what time.
bool expectHost(SSL* ssl, const std::string& hostname, std::int64_t wallMicros);
// RFC 6066 3: the name is told to the server, unless it is an address.
bool tellHost(SSL* ssl, const std::string& hostname);
std::string withoutDot(std::string hostname);  // of a name that is complete (RFC 6066 3)

FailureReason reasonOf(long verdict);  // of X509_verify_cert()

}  // namespace parley::tls
