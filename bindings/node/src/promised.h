#pragma once

#include <node_api.h>

#include <exception>
#include <memory>

#include "parley/promise.h"

namespace parley::node {

class Environment;

// The two functions of a JavaScript promise, kept until one of them is called or it is known that
// none will be. `holder`, where given, is an object that stays alive until then, and so does the
// process.
class Promised {
 public:
  Promised(std::shared_ptr<Environment> environment, napi_value resolve, napi_value reject,
           napi_value holder = nullptr);
  ~Promised() { drop(); }
  Promised(const Promised&) = delete;
  Promised& operator=(const Promised&) = delete;

  void resolve(napi_value value);
  void reject(std::exception_ptr error);

 private:
  void call(napi_ref function, napi_value value);
  void drop();

  std::shared_ptr<Environment> environment_;
  napi_ref resolve_ = nullptr;
  napi_ref reject_ = nullptr;
  napi_ref holder_ = nullptr;
};

// Settles the JavaScript promise as the C++ one settles; `convert` makes the JavaScript value.
template <class T, class Convert>
void follow(const Promise<T>& promise, std::unique_ptr<Promised> promised, Convert convert) {
  const std::shared_ptr<Promised> shared = std::move(promised);
  promise.then([shared, convert](const T& value) { shared->resolve(convert(value)); },
               [shared](std::exception_ptr error) { shared->reject(std::move(error)); });
}

}  // namespace parley::node
