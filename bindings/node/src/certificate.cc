#include "certificate.h"

#include <chrono>

namespace parley::node {

std::span<const napi_property_descriptor> Certificate::properties() {
  static const napi_property_descriptor kProperties[] = {
      read<Certificate, &RTCCertificate::expires>("expires"),
      read<Certificate, &RTCCertificate::getFingerprints>("fingerprints"),
      read<Certificate, &RTCCertificate::certificatePem>("certificatePem"),
      read<Certificate, &RTCCertificate::privateKeyPem>("privateKeyPem"),
  };
  return kProperties;
}

namespace {

struct Generation {
  std::shared_ptr<Environment> environment;
  std::unique_ptr<Promised> promised;
  RTCCertificate::KeyAlgorithm algorithm;
  std::chrono::seconds lifetime;
  napi_async_work work = nullptr;
  std::shared_ptr<RTCCertificate> certificate;
  std::exception_ptr error;

  void execute() {
    try {
      certificate = RTCCertificate::generate(algorithm, lifetime);
    } catch (...) {
      error = std::current_exception();
    }
  }
  void complete() const {
    if (error) {
      promised->reject(error);
    } else {
      promised->resolve(wrap<Certificate>(environment, certificate));
    }
  }
};

}  // namespace

napi_value generateCertificate(const Arguments& arguments) {
  const napi_env env = arguments.env();
  auto generation = std::make_unique<Generation>();
  generation->environment = Environment::of(env);
  generation->promised =
      std::make_unique<Promised>(generation->environment, arguments[2], arguments[3]);
  generation->algorithm = arguments.text(0) == "rsa" ? RTCCertificate::KeyAlgorithm::rsa2048
                                                     : RTCCertificate::KeyAlgorithm::ecdsaP256;
  generation->lifetime =
      std::chrono::seconds(static_cast<std::int64_t>(readNumber(env, arguments[1])));
  check(napi_create_async_work(
      env, nullptr, toValue(env, "parley.generateCertificate"),
      [](napi_env, void* data) { static_cast<Generation*>(data)->execute(); },
      [](napi_env done, napi_status status, void* data) {
        const std::unique_ptr<Generation> own(static_cast<Generation*>(data));
        napi_delete_async_work(done, own->work);
        if (status != napi_ok) return;  // cancelled: the environment ends
        guarded(done, [&] {
          own->complete();
          return nullptr;
        });
      },
      generation.get(), &generation->work));
  check(napi_queue_async_work(env, generation->work));
  generation.release();  // until it is complete
  return undefined(env);
}

napi_value certificateFromPem(const Arguments& arguments) {
  return wrap<Certificate>(Environment::of(arguments.env()),
                           RTCCertificate::fromPem(arguments.text(0), arguments.text(1)));
}

}  // namespace parley::node
