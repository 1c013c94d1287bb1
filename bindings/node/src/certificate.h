#pragma once

#include <memory>
#include <span>

#include "parley/certificate.h"
#include "wrapped.h"

namespace parley::node {

class Certificate final : public WrappedShared<Certificate, RTCCertificate> {
 public:
  static constexpr const char* kName = "Certificate";
  static std::span<const napi_property_descriptor> properties();
  static void disconnect(RTCCertificate&) {}
  using WrappedShared::WrappedShared;
};

// generateCertificate(algorithm, seconds, resolve, reject), on a thread of libuv's pool: an RSA
// key takes a tenth of a second.
napi_value generateCertificate(const Arguments& arguments);

// certificateFromPem(certificate, privateKey)
napi_value certificateFromPem(const Arguments& arguments);

}  // namespace parley::node
