#pragma once

#include <node_api.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/certificate.h"
#include "parley/names.h"
#include "parley/runtime.h"

// C++ values as JavaScript values and back. JavaScript has converted what users gave (lib/webidl),
// so reading meets only the right types.

namespace parley::node {

// A call of Node-API failed; where JavaScript threw, its exception is still pending.
struct Failure {};

inline void check(napi_status status) {
  if (status != napi_ok) throw Failure();
}

class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) { napi_open_handle_scope(env, &scope_); }
  ~HandleScope() { napi_close_handle_scope(env_, scope_); }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

napi_value undefined(napi_env env);
napi_value null(napi_env env);

napi_value toValue(napi_env env, bool value);
napi_value toValue(napi_env env, double value);
napi_value toValue(napi_env env, std::string_view value);
inline napi_value toValue(napi_env env, const std::string& value) {
  return toValue(env, std::string_view(value));
}
inline napi_value toValue(napi_env env, const char* value) {
  return toValue(env, std::string_view(value));
}
template <std::integral T>
  requires(!std::same_as<T, bool>)
napi_value toValue(napi_env env, T value) {
  return toValue(env, static_cast<double>(value));
}
napi_value toValue(napi_env env, std::span<const std::uint8_t> bytes);  // a new ArrayBuffer
inline napi_value toValue(napi_env env, const std::vector<std::uint8_t>& bytes) {
  return toValue(env, std::span(bytes));
}
// Dictionaries and plain values of the interface; members have the names of W3C.
napi_value toValue(napi_env env, const RTCSessionDescription& description);
napi_value toValue(napi_env env, const RTCIceCandidate& candidate);
napi_value toValue(napi_env env, const RTCIceCandidatePair& pair);
napi_value toValue(napi_env env, const RTCIceParameters& parameters);
napi_value toValue(napi_env env, const RTCIceServer& server);
napi_value toValue(napi_env env, const RTCDtlsFingerprint& fingerprint);
napi_value toValue(napi_env env, const MessageData& data);
napi_value toValue(napi_env env, const ReleaseReport& report);

template <class Enum>
  requires std::is_enum_v<Enum>
napi_value toValue(napi_env env, Enum value) {
  return toValue(env, toString(value));
}
template <class T>
napi_value toValue(napi_env env, const std::optional<T>& value) {
  return value ? toValue(env, *value) : null(env);
}
template <class T>
napi_value toValue(napi_env env, const std::vector<T>& values) {
  napi_value array = nullptr;
  check(napi_create_array_with_length(env, values.size(), &array));
  for (std::size_t i = 0; i < values.size(); ++i)
    check(napi_set_element(env, array, static_cast<std::uint32_t>(i), toValue(env, values[i])));
  return array;
}

// A new plain object, member by member.
class Object {
 public:
  explicit Object(napi_env env) : env_(env) { check(napi_create_object(env, &object_)); }

  template <class T>
  Object& set(const char* name, const T& value) {
    return set(name, toValue(env_, value));
  }
  Object& set(const char* name, napi_value value) {
    check(napi_set_named_property(env_, object_, name, value));
    return *this;
  }
  napi_value value() const { return object_; }

 private:
  napi_env env_;
  napi_value object_ = nullptr;
};

std::string readString(napi_env env, napi_value value);
double readNumber(napi_env env, napi_value value);
bool readBool(napi_env env, napi_value value);
std::span<const std::uint8_t> readBytes(napi_env env, napi_value value);  // lives as long as value
std::vector<napi_value> readArray(napi_env env, napi_value value);
napi_valuetype typeOf(napi_env env, napi_value value);

// Reads the members of an object; absent and null ones leave the target as it is.
class Dictionary {
 public:
  Dictionary(napi_env env, napi_value object) : env_(env), object_(object) {}

  // The member, or nullptr.
  napi_value find(const char* name) const;

  template <class T>
  void read(const char* name, T& target) const {
    if (const napi_value value = find(name)) assign(value, target);
  }

 private:
  void assign(napi_value value, bool& target) const { target = readBool(env_, value); }
  void assign(napi_value value, std::string& target) const { target = readString(env_, value); }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void assign(napi_value value, T& target) const {
    target = static_cast<T>(readNumber(env_, value));
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void assign(napi_value value, Enum& target) const {
    if (const auto parsed = parse<Enum>(readString(env_, value))) target = *parsed;
  }
  template <class T>
  void assign(napi_value value, std::optional<T>& target) const {
    assign(value, target.emplace());
  }
  void assign(napi_value value, std::chrono::milliseconds& target) const {
    target = std::chrono::milliseconds(static_cast<std::int64_t>(readNumber(env_, value)));
  }
  void assign(napi_value value, RTCIceServer& target) const;
  void assign(napi_value value, AddressMapping& target) const;
  void assign(napi_value value, Proxy& target) const;
  template <class T>
  void assign(napi_value value, std::vector<T>& target) const {
    for (const napi_value item : readArray(env_, value)) assign(item, target.emplace_back());
  }

  napi_env env_;
  napi_value object_;
};

// Certificates are objects of their own: see configuration.h for the rest of RTCConfiguration.
Tuning readTuning(napi_env env, napi_value value);
RTCDataChannelInit readChannelInit(napi_env env, napi_value value);
RTCLocalIceCandidateInit readCandidateInit(napi_env env, napi_value value);

}  // namespace parley::node
