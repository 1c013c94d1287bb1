#include "transports.h"

namespace parley::node {

std::span<const napi_property_descriptor> IceTransport::properties() {
  static const napi_property_descriptor kProperties[] = {
      read<IceTransport, &RTCIceTransport::role>("role"),
      read<IceTransport, &RTCIceTransport::component>("component"),
      read<IceTransport, &RTCIceTransport::state>("state"),
      read<IceTransport, &RTCIceTransport::gatheringState>("gatheringState"),
      read<IceTransport, &RTCIceTransport::getLocalCandidates>("localCandidates"),
      read<IceTransport, &RTCIceTransport::getRemoteCandidates>("remoteCandidates"),
      read<IceTransport, &RTCIceTransport::getSelectedCandidatePair>("selectedCandidatePair"),
      read<IceTransport, &RTCIceTransport::getLocalParameters>("localParameters"),
      read<IceTransport, &RTCIceTransport::getRemoteParameters>("remoteParameters"),
  };
  return kProperties;
}

IceTransport::IceTransport(std::shared_ptr<Environment> environment,
                           std::shared_ptr<RTCIceTransport> transport)
    : WrappedShared(std::move(environment), std::move(transport)) {
  const auto simple = [this](const Event& event) { emit(event.type); };
  target_->onstatechange = simple;
  target_->ongatheringstatechange = simple;
  target_->onselectedcandidatepairchange = simple;
}

void IceTransport::disconnect(RTCIceTransport& transport) {
  transport.onstatechange = nullptr;
  transport.ongatheringstatechange = nullptr;
  transport.onselectedcandidatepairchange = nullptr;
}

std::span<const napi_property_descriptor> DtlsTransport::properties() {
  static const napi_property_descriptor kProperties[] = {
      method<DtlsTransport, &DtlsTransport::iceTransport>("iceTransport"),
      read<DtlsTransport, &RTCDtlsTransport::state>("state"),
      read<DtlsTransport, &RTCDtlsTransport::getRemoteCertificates>("remoteCertificates"),
      read<DtlsTransport, &RTCDtlsTransport::closeReason>("closeReason"),
  };
  return kProperties;
}

DtlsTransport::DtlsTransport(std::shared_ptr<Environment> environment,
                             std::shared_ptr<RTCDtlsTransport> transport)
    : WrappedShared(std::move(environment), std::move(transport)) {
  target_->onstatechange = [this](const Event& event) { emit(event.type); };
  target_->onerror = [this](const RTCErrorEvent& event) {
    emit("error", this->environment()->toException(std::make_exception_ptr(event.error)));
  };
}

void DtlsTransport::disconnect(RTCDtlsTransport& transport) {
  transport.onstatechange = nullptr;
  transport.onerror = nullptr;
}

napi_value DtlsTransport::iceTransport(const Arguments&) {
  return wrap<IceTransport>(environment(), target_->iceTransport());
}

std::span<const napi_property_descriptor> SctpTransport::properties() {
  static const napi_property_descriptor kProperties[] = {
      method<SctpTransport, &SctpTransport::transport>("transport"),
      read<SctpTransport, &RTCSctpTransport::state>("state"),
      read<SctpTransport, &RTCSctpTransport::maxMessageSize>("maxMessageSize"),
      read<SctpTransport, &RTCSctpTransport::maxChannels>("maxChannels"),
  };
  return kProperties;
}

SctpTransport::SctpTransport(std::shared_ptr<Environment> environment,
                             std::shared_ptr<RTCSctpTransport> transport)
    : WrappedShared(std::move(environment), std::move(transport)) {
  target_->onstatechange = [this](const Event& event) { emit(event.type); };
}

void SctpTransport::disconnect(RTCSctpTransport& transport) { transport.onstatechange = nullptr; }

napi_value SctpTransport::transport(const Arguments&) {
  return wrap<DtlsTransport>(environment(), target_->transport());
}

}  // namespace parley::node
