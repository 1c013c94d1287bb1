#pragma once

#include <memory>
#include <span>

#include "parley/transports.h"
#include "wrapped.h"

namespace parley::node {

class IceTransport final : public WrappedShared<IceTransport, RTCIceTransport> {
 public:
  static constexpr const char* kName = "IceTransport";
  static std::span<const napi_property_descriptor> properties();
  static void disconnect(RTCIceTransport& transport);

  IceTransport(std::shared_ptr<Environment> environment,
               std::shared_ptr<RTCIceTransport> transport);
};

class DtlsTransport final : public WrappedShared<DtlsTransport, RTCDtlsTransport> {
 public:
  static constexpr const char* kName = "DtlsTransport";
  static std::span<const napi_property_descriptor> properties();
  static void disconnect(RTCDtlsTransport& transport);

  DtlsTransport(std::shared_ptr<Environment> environment,
                std::shared_ptr<RTCDtlsTransport> transport);

 private:
  napi_value iceTransport(const Arguments& arguments);
};

class SctpTransport final : public WrappedShared<SctpTransport, RTCSctpTransport> {
 public:
  static constexpr const char* kName = "SctpTransport";
  static std::span<const napi_property_descriptor> properties();
  static void disconnect(RTCSctpTransport& transport);

  SctpTransport(std::shared_ptr<Environment> environment,
                std::shared_ptr<RTCSctpTransport> transport);

 private:
  napi_value transport(const Arguments& arguments);
};

}  // namespace parley::node
