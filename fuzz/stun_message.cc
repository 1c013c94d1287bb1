#include "stun/message.h"

#include "fuzz/common.h"
#include "fuzz/stun_reference.h"
#include "stun/builder.h"

// MessageView accepts what a second, plain reading accepts, shows the same attributes, and a
// message built of them shows them again.
// max_len: 160

namespace parley::fuzz {
namespace {

using stun::Attribute;

void lookAtAll(const stun::MessageView& view, Attribute type, Bytes input) {
  if (const auto value = view.find(type)) FUZZ_REQUIRE(isInside(*value, input));
  if (const auto text = view.findText(type)) FUZZ_REQUIRE(isInside(bytesOf(*text), input));
  (void)view.findU32(type);
  (void)view.findU64(type);
  (void)view.findAddress(type);
  (void)view.findXorAddress(type);
  FUZZ_REQUIRE(view.findAlgorithms(type).count <= 2);
}

void buildAgain(const stun::MessageView& view, const std::vector<StunAttribute>& seen) {
  stun::MessageBuilder builder(packets().take(), view.messageClass(), view.method(),
                               view.transaction());
  for (const StunAttribute& one : seen) builder.add(Attribute{one.type}, one.value);
  const Packet packet = builder.finish();
  FUZZ_REQUIRE(packet);
  const auto again = stun::MessageView::parse(packet.bytes(), 1'536);
  FUZZ_REQUIRE(again);
  FUZZ_REQUIRE(again->messageClass() == view.messageClass() && again->method() == view.method());
  FUZZ_REQUIRE(again->transaction() == view.transaction());
  FUZZ_REQUIRE(again->checkFingerprint() && !again->hasIntegrity());
  for (const StunAttribute& one : seen) {
    const auto was = view.find(Attribute{one.type}), is = again->find(Attribute{one.type});
    FUZZ_REQUIRE(was && is && equal(*was, *is));
    FUZZ_REQUIRE(view.findXorAddress(Attribute{one.type}) ==
                 again->findXorAddress(Attribute{one.type}));
  }
}

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  const auto parsed = stun::MessageView::parse(input);
  const auto all = readStun(input);
  const bool isGood = all && isGoodForm(*all);
  const auto seen = isGood ? visible(*all) : std::vector<StunAttribute>();
  FUZZ_REQUIRE(!parsed || isGood);
  FUZZ_REQUIRE(parsed || !isGood || parsed.error() == ParseError::tooMany);
  if (!parsed) return;
  FUZZ_REQUIRE(seen.size() <= limits::ice::kStunAttributes);

  for (const StunAttribute& one : *all) {
    lookAtAll(*parsed, Attribute{one.type}, input);
    const auto first = std::ranges::find(seen, one.type, &StunAttribute::type);
    const auto found = parsed->find(Attribute{one.type});
    FUZZ_REQUIRE(found.has_value() == (first != seen.end()));
    if (found) FUZZ_REQUIRE(found->data() == first->value.data() || found->empty());
  }
  if (const auto error = parsed->findError()) {
    FUZZ_REQUIRE(error->code >= 300 && error->code < 700);
    FUZZ_REQUIRE(isInside(bytesOf(error->reason), input));
  }
  const auto unknown = parsed->unknownRequired({Attribute::username, Attribute::priority});
  for (std::size_t i = 0; i < unknown.count; ++i) FUZZ_REQUIRE(unknown.types[i] < 0x8000);
  FUZZ_REQUIRE(parsed->hasFingerprint() == (!all->empty() && all->back().type == kFingerprint));
  if (!parsed->hasFingerprint()) FUZZ_REQUIRE(!parsed->checkFingerprint());
  (void)parsed->checkFingerprint();
  buildAgain(*parsed, seen);
}

}  // namespace parley::fuzz
