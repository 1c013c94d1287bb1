#include "wrapped.h"

namespace parley::node {

Wrapped::~Wrapped() {
  if (self_ && !environment_->isTornDown()) napi_delete_reference(env(), self_);
}

napi_value Wrapped::object() const {
  napi_value object = nullptr;
  if (!self_ || environment_->isTornDown()) return nullptr;
  return napi_get_reference_value(env(), self_, &object) == napi_ok ? object : nullptr;
}

void Wrapped::attach(napi_value object) {
  check(napi_wrap(
      env(), object, this, [](napi_env, void* data, void*) { delete static_cast<Wrapped*>(data); },
      nullptr, nullptr));
  check(napi_create_reference(env(), object, 0, &self_));
}

void Wrapped::emit(const char* type, napi_value value) {
  const napi_value self = object();
  if (!self) return;
  napi_value function = nullptr;
  if (napi_get_named_property(env(), self, "onevent", &function) != napi_ok) return;
  if (typeOf(env(), function) != napi_function) return;
  const napi_value arguments[] = {toValue(env(), type), value ? value : undefined(env())};
  // An exception stays pending; the task that fires the event reports it.
  napi_call_function(env(), self, function, 2, arguments, nullptr);
}

namespace {

napi_value construct(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments arguments(env, info);
    void* data = nullptr;
    check(napi_get_value_external(env, arguments[0], &data));
    static_cast<Wrapped*>(data)->attach(arguments.self());
    return arguments.self();
  });
}

}  // namespace

napi_value instanceOf(Environment& environment, const void* kind, const char* name,
                      std::span<const napi_property_descriptor> properties, Wrapped* wrapped) {
  std::unique_ptr<Wrapped> owner(wrapped);
  const napi_env env = environment.env();
  napi_ref& known = environment.classOf(kind);
  napi_value constructor = nullptr;
  if (known) {
    check(napi_get_reference_value(env, known, &constructor));
  } else {
    check(napi_define_class(env, name, NAPI_AUTO_LENGTH, construct, nullptr, properties.size(),
                            properties.data(), &constructor));
    check(napi_create_reference(env, constructor, 1, &known));
  }
  napi_value external = nullptr;
  napi_value object = nullptr;
  check(napi_create_external(env, wrapped, nullptr, nullptr, &external));
  check(napi_new_instance(env, constructor, 1, &external, &object));
  owner.release();  // JavaScript owns it now
  return object;
}

}  // namespace parley::node
