#include "sctp/cookie.h"

#include "core/limits.h"
#include "core/wire.h"

namespace parley::sctp {
namespace {

constexpr std::size_t kFields = 8 + 5 * 4 + 2 * 2 + 4 + 2 * 4;
constexpr std::size_t kSealed = kFields + std::tuple_size_v<SipTag>;

}  // namespace

ByteVector Cookie::seal(const SipKey& key) const {
  ByteVector bytes(kSealed);
  const std::uint32_t flags =
      (extensions.partialReliability ? 1u : 0u) | (extensions.reConfig ? 2u : 0u);
  WireWriter out(bytes);
  out.u64(static_cast<std::uint64_t>(made.time_since_epoch().count()));
  out.u32(localTag.value).u32(remoteTag.value).u32(localTsn.value).u32(remoteTsn.value);
  out.u32(remoteWindow).u16(streamsOut).u16(streamsIn).u32(flags);
  out.u32(localTie.value).u32(remoteTie.value);
  const SipTag mac = sipHash128(key, Bytes(bytes).first(kFields));
  out.bytes(mac);
  return bytes;
}

std::optional<Cookie> Cookie::open(const SipKey& key, Bytes sealed) {
  if (sealed.size() != kSealed) return std::nullopt;
  const SipTag mac = sipHash128(key, sealed.first(kFields));
  if (!equalInConstantTime(mac, sealed.subspan(kFields))) return std::nullopt;

  WireReader in(sealed);
  Cookie cookie;
  cookie.made = Instant(Duration(static_cast<std::int64_t>(in.u64())));
  cookie.localTag = {in.u32()};
  cookie.remoteTag = {in.u32()};
  cookie.localTsn = {in.u32()};
  cookie.remoteTsn = {in.u32()};
  cookie.remoteWindow = in.u32();
  cookie.streamsOut = in.u16();
  cookie.streamsIn = in.u16();
  const std::uint32_t flags = in.u32();
  cookie.extensions = {(flags & 1) != 0, (flags & 2) != 0};
  cookie.localTie = {in.u32()};
  cookie.remoteTie = {in.u32()};
  return cookie;
}

bool Cookie::isStale(Instant now) const { return now > made + limits::sctp::kCookieLifetime; }

}  // namespace parley::sctp
