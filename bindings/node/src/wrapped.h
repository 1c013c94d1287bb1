#pragma once

#include <node_api.h>

#include <exception>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "environment.h"
#include "values.h"

namespace parley::node {

// The arguments of a call from JavaScript.
class Arguments {
 public:
  static constexpr std::size_t kMost = 4;

  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    check(napi_get_cb_info(env, info, &count_, values_, &self_, nullptr));
  }
  napi_env env() const { return env_; }
  napi_value self() const { return self_; }
  napi_value operator[](std::size_t index) const { return values_[index]; }
  std::string text(std::size_t index) const { return readString(env_, values_[index]); }

 private:
  napi_env env_;
  std::size_t count_ = kMost;
  napi_value values_[kMost] = {};
  napi_value self_ = nullptr;
};

// Calls `body`; what it throws becomes a JavaScript exception.
template <class Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (...) {
    try {
      const napi_value error = Environment::of(env)->toException(std::current_exception());
      if (error) napi_throw(env, error);
    } catch (const Failure&) {
      // Making the exception threw another one, which is pending.
    }
    return nullptr;
  }
}

// A C++ object that JavaScript owns: it goes when the JavaScript object is collected. Its events
// are calls of the JavaScript object's property `onevent`.
class Wrapped {
 public:
  virtual ~Wrapped();
  Wrapped(const Wrapped&) = delete;
  Wrapped& operator=(const Wrapped&) = delete;

  napi_value object() const;  // nullptr when it is being collected
  const std::shared_ptr<Environment>& environment() const { return environment_; }
  napi_env env() const { return environment_->env(); }

  // For the constructor functions of the classes.
  void attach(napi_value object);

 protected:
  explicit Wrapped(std::shared_ptr<Environment> environment)
      : environment_(std::move(environment)) {}

  // Without `value`: of the type alone. Must be called within a task.
  void emit(const char* type, napi_value value = nullptr);

  napi_ref self_ = nullptr;

 private:
  std::shared_ptr<Environment> environment_;
};

// Makes the JavaScript class whose objects are W, once per environment.
napi_value instanceOf(Environment& environment, const void* kind, const char* name,
                      std::span<const napi_property_descriptor> properties, Wrapped* wrapped);

template <class W>
napi_value instance(Environment& environment, std::unique_ptr<W> wrapped) {
  return instanceOf(environment, W::kind(), W::kName, W::properties(), wrapped.release());
}

// The JavaScript object of a shared C++ object: always the same one, as long as anybody has it.
template <class W, class T>
napi_value wrap(const std::shared_ptr<Environment>& environment, const std::shared_ptr<T>& shared) {
  if (!shared) return null(environment->env());
  if (const Wrapped* known = environment->find({W::kind(), shared.get()}))
    if (const napi_value object = known->object()) return object;
  auto wrapped = std::make_unique<W>(environment, shared);
  environment->remember({W::kind(), shared.get()}, wrapped.get());
  return instance(*environment, std::move(wrapped));
}

// What wraps a shared C++ object. W says how its events are connected and disconnected.
template <class W, class T>
class WrappedShared : public Wrapped {
 public:
  static const void* kind() {
    static constexpr char kTag = 0;
    return &kTag;
  }

  WrappedShared(std::shared_ptr<Environment> environment, std::shared_ptr<T> target)
      : Wrapped(std::move(environment)), target_(std::move(target)) {}
  ~WrappedShared() override {
    // A collected object may already have a successor, whose events these are now.
    if (environment()->forget({kind(), target_.get()}, this)) W::disconnect(*target_);
  }

  T& target() { return *target_; }
  const std::shared_ptr<T>& shared() const { return target_; }

 protected:
  std::shared_ptr<T> target_;
};

template <class W>
W& unwrap(napi_env env, napi_value object) {
  void* data = nullptr;
  check(napi_unwrap(env, object, &data));
  return *static_cast<W*>(static_cast<Wrapped*>(data));
}

// A method that is a member function of W: napi_value (const Arguments&).
template <class W, napi_value (W::*member)(const Arguments&)>
napi_property_descriptor method(const char* name) {
  constexpr napi_callback call = [](napi_env env, napi_callback_info info) -> napi_value {
    return guarded(env, [&] {
      const Arguments arguments(env, info);
      return (unwrap<W>(env, arguments.self()).*member)(arguments);
    });
  };
  return {name, nullptr, call, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

// A method without arguments of the C++ object itself, whose result has a JavaScript form.
template <class W, auto member>
napi_property_descriptor read(const char* name) {
  constexpr napi_callback call = [](napi_env env, napi_callback_info info) -> napi_value {
    return guarded(env, [&]() -> napi_value {
      const Arguments arguments(env, info);
      auto& target = unwrap<W>(env, arguments.self()).target();
      if constexpr (std::is_void_v<decltype((target.*member)())>) {
        (target.*member)();
        return undefined(env);
      } else {
        return toValue(env, (target.*member)());
      }
    });
  };
  return {name, nullptr, call, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

}  // namespace parley::node
