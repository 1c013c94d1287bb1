#include "environment.h"

#include <vector>

#include "connection.h"
#include "values.h"
#include "wrapped.h"

namespace parley::node {

Environment::Environment(napi_env env) : env_(env) {
  uv_loop_s* loop = nullptr;
  check(napi_get_uv_event_loop(env, &loop));
  mailbox_ = std::make_shared<Mailbox>(
      loop, [](void* self) { static_cast<Environment*>(self)->drain(); }, this);

  napi_value resource = nullptr;
  check(napi_create_object(env, &resource));
  check(napi_create_reference(env, resource, 1, &resource_));
  check(napi_async_init(env, resource, toValue(env, "parley"), &context_));
}

Environment::~Environment() = default;

std::shared_ptr<Environment> Environment::of(napi_env env) {
  void* data = nullptr;
  check(napi_get_instance_data(env, &data));
  return *static_cast<std::shared_ptr<Environment>*>(data);
}

std::shared_ptr<Environment> Environment::install(napi_env env) {
  auto environment = std::make_shared<Environment>(env);
  using Holder = std::shared_ptr<Environment>;
  check(napi_set_instance_data(
      env, new Holder(environment),
      [](napi_env, void* data, void*) { delete static_cast<Holder*>(data); }, nullptr));
  // The hook keeps the environment until libuv has let go of the mailbox.
  check(napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle hook, void* data) {
        const std::unique_ptr<Holder> holder(static_cast<Holder*>(data));
        (*holder)->tearDown(hook);
      },
      new Holder(environment), nullptr));
  return environment;
}

void Environment::setFactories(napi_value factories) {
  check(napi_create_reference(env_, factories, 1, &factories_));
}

namespace {

napi_value rtcErrorInit(napi_env env, const RTCError& error) {
  Object init(env);
  init.set("errorDetail", error.errorDetail);
  if (error.sdpLineNumber) init.set("sdpLineNumber", *error.sdpLineNumber);
  if (error.sctpCauseCode) init.set("sctpCauseCode", *error.sctpCauseCode);
  if (error.receivedAlert) init.set("receivedAlert", *error.receivedAlert);
  if (error.sentAlert) init.set("sentAlert", *error.sentAlert);
  return init.value();
}

napi_value callFactory(napi_env env, napi_ref factories, const char* name, napi_value first,
                       napi_value second) {
  napi_value object = nullptr;
  napi_value function = nullptr;
  napi_value result = nullptr;
  const napi_value arguments[] = {first, second};
  check(napi_get_reference_value(env, factories, &object));
  check(napi_get_named_property(env, object, name, &function));
  check(napi_call_function(env, object, function, 2, arguments, &result));
  return result;
}

}  // namespace

napi_value Environment::toException(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Failure&) {
    return nullptr;
  } catch (const RTCError& thrown) {
    return callFactory(env_, factories_, "makeRtcError", toValue(env_, thrown.message()),
                       rtcErrorInit(env_, thrown));
  } catch (const DOMException& thrown) {
    return callFactory(env_, factories_, "makeException", toValue(env_, thrown.name()),
                       toValue(env_, thrown.message()));
  } catch (const std::exception& thrown) {
    return callFactory(env_, factories_, "makeException", toValue(env_, "OperationError"),
                       toValue(env_, thrown.what()));
  }
}

LoopThread& Environment::engine() {
  if (isShutDown_) throw DOMException("InvalidStateError", "the process is about to exit");
  if (!engine_) engine_ = std::make_unique<LoopThread>();
  return *engine_;
}

Dispatcher Environment::dispatcher() {
  return [mailbox = mailbox_](Mailbox::Task task) { mailbox->post(std::move(task)); };
}

void Environment::releaseReport(std::unique_ptr<Promised> promised) {
  const std::uint64_t id = nextReport_++;
  reports_[id] = std::move(promised);
  hold();
  const auto answer = [weak = weak_from_this(), mailbox = mailbox_, id](ReleaseReport report) {
    mailbox->post([weak, id, report] {
      if (const auto self = weak.lock()) self->answerReport(id, report);
    });
  };
  if (!engine_) return answer({});
  engine_->post([answer, loop = &engine_->loop()] { answer(loop->releaseReport()); });
}

void Environment::answerReport(std::uint64_t id, const ReleaseReport& report) {
  const auto found = reports_.find(id);
  if (found == reports_.end()) return;
  const auto promised = std::move(found->second);
  reports_.erase(found);
  release();
  promised->resolve(toValue(env_, report));
}

void Environment::hold() {
  if (holds_++ == 0) mailbox_->keepAlive(true);
}

void Environment::release() {
  if (--holds_ == 0 && mailbox_->isEmpty() && batch_.empty()) mailbox_->keepAlive(false);
}

std::function<void()> Environment::heldUntilCalled() {
  hold();
  return [weak = weak_from_this(), mailbox = mailbox_] {
    mailbox->post([weak] {
      if (const auto self = weak.lock()) self->release();
    });
  };
}

Wrapped* Environment::find(Key key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

bool Environment::forget(Key key, const Wrapped* wrapped) {
  const auto found = objects_.find(key);
  if (found == objects_.end() || found->second != wrapped) return false;
  objects_.erase(found);
  return true;
}

void Environment::drain() {
  const auto self = shared_from_this();  // a task may end the environment
  const HandleScope scope(env_);
  batch_ = mailbox_->take();
  while (!batch_.empty()) {
    Mailbox::Task task = std::move(batch_.front());
    batch_.pop_front();
    run(std::move(task));
  }
  if (holds_ == 0 && mailbox_->isEmpty()) mailbox_->keepAlive(false);
}

// HTML "perform a microtask checkpoint" after each task: that is what closing the scope does.
void Environment::run(Mailbox::Task task) {
  const HandleScope handles(env_);
  napi_value resource = nullptr;
  napi_callback_scope scope = nullptr;
  if (napi_get_reference_value(env_, resource_, &resource) != napi_ok) return;
  if (napi_open_callback_scope(env_, resource, context_, &scope) != napi_ok) return;
  try {
    task();
  } catch (...) {
    if (const napi_value error = toException(std::current_exception()))
      napi_fatal_exception(env_, error);
  }
  task = nullptr;  // what it owns goes while references may still be deleted
  reportPending();
  napi_close_callback_scope(env_, scope);
}

void Environment::reportPending() {
  bool isPending = false;
  napi_value error = nullptr;
  if (napi_is_exception_pending(env_, &isPending) != napi_ok || !isPending) return;
  if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
}

void Environment::shutDown() {
  if (std::exchange(isShutDown_, true)) return;
  const std::vector<Connection*> open(connections_.begin(), connections_.end());
  for (Connection* connection : open) connection->shutDown();
  engine_.reset();
}

void Environment::tearDown(napi_async_cleanup_hook_handle hook) {
  shutDown();
  reports_.clear();
  batch_.clear();
  isTornDown_ = true;
  mailbox_->close([self = shared_from_this(), hook] { napi_remove_async_cleanup_hook(hook); });
}

}  // namespace parley::node
