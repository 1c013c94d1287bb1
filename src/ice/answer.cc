#include "ice/answer.h"

#include "core/bytes.h"

namespace parley::ice {
namespace {

stun::MessageBuilder answerTo(Step& step, const stun::MessageView& request, stun::Class kind) {
  return {step.packets.take(), kind, request.method(), request.transaction()};
}

}  // namespace

std::optional<std::string_view> localHalf(const stun::MessageView& request) {
  const auto username = request.username();
  if (!username) return std::nullopt;
  const std::size_t colon = username->find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return username->substr(0, colon);
}

stun::Integrity provenIntegrity(const stun::MessageView& message, std::string_view password) {
  const Bytes key = bytesOf(password);
  // RFC 8489 9.1.3: when both are there, the stronger one decides.
  if (message.hasIntegritySha256()) {
    return message.checkIntegritySha256(key) ? stun::Integrity::sha256 : stun::Integrity::none;
  }
  return message.checkIntegrity(key) ? stun::Integrity::sha1 : stun::Integrity::none;
}

Packet writeSuccess(Step& step, const stun::MessageView& request, const Address& seen,
                    const AnswerKey& key) {
  return answerTo(step, request, stun::Class::success)
      .addXorAddress(stun::Attribute::xorMappedAddress, seen)
      .finish(key.integrity, bytesOf(key.password));
}

Packet writeError(Step& step, const stun::MessageView& request, stun::ErrorCode code,
                  const AnswerKey& key) {
  return answerTo(step, request, stun::Class::error)
      .addError(code)
      .finish(key.integrity, bytesOf(key.password));
}

Packet writeUnknown(Step& step, const stun::MessageView& request,
                    const stun::MessageView::Unknown& unknown, const AnswerKey& key) {
  return answerTo(step, request, stun::Class::error)
      .addError(stun::ErrorCode::unknownAttribute)
      .addUnknown(std::span(unknown.types).first(unknown.count))
      .finish(key.integrity, bytesOf(key.password));
}

Packet refuse(Step& step, const stun::MessageView& request, stun::ErrorCode code, Shared& shared) {
  Packet answer = answerTo(step, request, stun::Class::error).addError(code).finish();
  if (answer && answer.size() <= request.size() && shared.errors.take(step.now)) return answer;
  ++shared.stats.errorsUnsent;
  return {};
}

stun::MessageView::Unknown unknownInCheck(const stun::MessageView& request) {
  using enum stun::Attribute;
  return request.unknownRequired({username, userhash, realm, nonce, priority, useCandidate,
                                  xorMappedAddress, mappedAddress, errorCode, unknownAttributes,
                                  messageIntegrity, messageIntegritySha256});
}

}  // namespace parley::ice
