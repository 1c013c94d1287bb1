#include "values.h"

#include <cstring>

namespace parley::node {

napi_value undefined(napi_env env) {
  napi_value result = nullptr;
  check(napi_get_undefined(env, &result));
  return result;
}

napi_value null(napi_env env) {
  napi_value result = nullptr;
  check(napi_get_null(env, &result));
  return result;
}

napi_value toValue(napi_env env, bool value) {
  napi_value result = nullptr;
  check(napi_get_boolean(env, value, &result));
  return result;
}

napi_value toValue(napi_env env, double value) {
  napi_value result = nullptr;
  check(napi_create_double(env, value, &result));
  return result;
}

napi_value toValue(napi_env env, std::string_view value) {
  napi_value result = nullptr;
  check(napi_create_string_utf8(env, value.data(), value.size(), &result));
  return result;
}

napi_value toValue(napi_env env, std::span<const std::uint8_t> bytes) {
  void* data = nullptr;
  napi_value result = nullptr;
  check(napi_create_arraybuffer(env, bytes.size(), &data, &result));
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  return result;
}

std::string readString(napi_env env, napi_value value) {
  std::size_t size = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &size));
  std::string text(size, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), size + 1, &size));
  return text;
}

double readNumber(napi_env env, napi_value value) {
  double number = 0;
  check(napi_get_value_double(env, value, &number));
  return number;
}

bool readBool(napi_env env, napi_value value) {
  bool truth = false;
  check(napi_get_value_bool(env, value, &truth));
  return truth;
}

std::span<const std::uint8_t> readBytes(napi_env env, napi_value value) {
  void* data = nullptr;
  std::size_t size = 0;
  bool isBuffer = false;
  check(napi_is_arraybuffer(env, value, &isBuffer));
  if (isBuffer) {
    check(napi_get_arraybuffer_info(env, value, &data, &size));
  } else {
    // JavaScript has made every view a Uint8Array: its length is in bytes.
    check(napi_get_typedarray_info(env, value, nullptr, &size, &data, nullptr, nullptr));
  }
  return {static_cast<const std::uint8_t*>(data), data ? size : 0};
}

std::vector<napi_value> readArray(napi_env env, napi_value value) {
  std::uint32_t length = 0;
  check(napi_get_array_length(env, value, &length));
  std::vector<napi_value> items(length);
  for (std::uint32_t i = 0; i < length; ++i) check(napi_get_element(env, value, i, &items[i]));
  return items;
}

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(env, value, &type));
  return type;
}

napi_value Dictionary::find(const char* name) const {
  napi_value value = nullptr;
  check(napi_get_named_property(env_, object_, name, &value));
  const napi_valuetype type = typeOf(env_, value);
  return type == napi_undefined || type == napi_null ? nullptr : value;
}

}  // namespace parley::node
