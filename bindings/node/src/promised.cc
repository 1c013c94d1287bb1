#include "promised.h"

#include "environment.h"
#include "values.h"

namespace parley::node {

Promised::Promised(std::shared_ptr<Environment> environment, napi_value resolve, napi_value reject,
                   napi_value holder)
    : environment_(std::move(environment)) {
  const napi_env env = environment_->env();
  check(napi_create_reference(env, resolve, 1, &resolve_));
  if (reject) check(napi_create_reference(env, reject, 1, &reject_));
  if (!holder) return;
  check(napi_create_reference(env, holder, 1, &holder_));
  environment_->hold();
}

void Promised::resolve(napi_value value) { call(resolve_, value); }

void Promised::reject(std::exception_ptr error) {
  call(reject_, environment_->toException(std::move(error)));
}

void Promised::call(napi_ref function, napi_value value) {
  const napi_env env = environment_->env();
  napi_value callee = nullptr;
  if (function && value && !environment_->isTornDown() &&
      napi_get_reference_value(env, function, &callee) == napi_ok && callee) {
    // A failure leaves its exception pending; the task that settles the promise reports it.
    napi_call_function(env, undefined(env), callee, 1, &value, nullptr);
  }
  drop();
}

void Promised::drop() {
  if (!environment_->isTornDown()) {
    for (const napi_ref reference : {resolve_, reject_, holder_})
      if (reference) napi_delete_reference(environment_->env(), reference);
    if (holder_) environment_->release();
  }
  resolve_ = reject_ = holder_ = nullptr;
}

}  // namespace parley::node
