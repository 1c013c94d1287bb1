#include "tls/stream.h"

#include <utility>

#include "core/assert.h"
#include "core/limits.h"
#include "tls/server_trust.h"
#include "tls/stream_native.h"

namespace parley::tls {

namespace {

std::string agreedAlpn(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  return std::string(textOf({name, size}));
}

}  // namespace

std::string_view describe(FailureReason reason) {
  switch (reason) {
    case FailureReason::unknownAuthority:
      return "The certificate is of nobody that we trust.";
    case FailureReason::expired:
      return "The certificate has expired.";
    case FailureReason::notYetValid:
      return "The certificate is not valid yet.";
    case FailureReason::wrongHost:
      return "The certificate is of another host.";
    case FailureReason::badCertificate:
      return "The certificate cannot be accepted.";
    case FailureReason::alert:
      return "The other side refused.";
    case FailureReason::protocol:
      return "The other side does not speak a TLS that we know.";
    case FailureReason::truncated:
      return "The connection was cut off.";
    case FailureReason::timeout:
      return "The handshake took too long.";
    case FailureReason::unread:
      return "More was received than anybody read.";
    case FailureReason::outOfMemory:
      return "OpenSSL is out of memory.";
  }
  return {};
}

struct Stream::Native {
  dtls::SslPtr ssl;
  BIO* in = nullptr;  // both of the ssl's
  BIO* out = nullptr;
};

Stream::Stream(Context::Shared context, Role role, std::string hostname, Sink& lower)
    : context_(std::move(context)),
      role_(role),
      hostname_(withoutDot(std::move(hostname))),
      lower_(lower) {
  PARLEY_ASSERT(context_);
}

Stream::~Stream() = default;

void Stream::start(Step& step) {
  if (state_ != State::idle) return;
  const crypto::ErrorScope errors;
  if (!prepare()) return fail(step, FailureReason::outOfMemory, crypto::ErrorScope::text());
  const bool isNamed = role_ == Role::server || !context_->isVerifying() ||
                       expectHost(native_->ssl.get(), hostname_, step.wallMicros);
  if (!isNamed) return fail(step, FailureReason::wrongHost, "no host name");
  state_ = State::handshaking;
  giveUp_.start(step.now, limits::tls::kHandshake);
  advance(step);
}

bool Stream::prepare() {
  native_ = std::make_unique<Native>();
  native_->ssl.reset(SSL_new(context_->native().ssl.get()));
  SSL* ssl = native_->ssl.get();
  crypto::BioPtr in(BIO_new(BIO_s_mem()));
  crypto::BioPtr out(BIO_new(BIO_s_mem()));
  if (ssl == nullptr || !in || !out) return false;
  BIO_set_mem_eof_return(in.get(), -1);  // empty means: later
  native_->in = in.release();
  native_->out = out.release();
  SSL_set_bio(ssl, native_->in, native_->out);
  if (role_ == Role::server) {
    SSL_set_accept_state(ssl);
    return true;
  }
  SSL_set_connect_state(ssl);
  return tellHost(ssl, hostname_);
}

void Stream::receive(Step& step, Bytes ciphertext) {
  if (state_ != State::handshaking && state_ != State::open) return;
  const crypto::ErrorScope errors;
  std::size_t taken = 0;
  if (!ciphertext.empty() &&
      BIO_write_ex(native_->in, ciphertext.data(), ciphertext.size(), &taken) != 1) {
    return fail(step, FailureReason::outOfMemory, crypto::ErrorScope::text());
  }
  advance(step);
}

void Stream::advance(Step& step) {
  if (state_ == State::handshaking) handshake(step);
  if (state_ == State::open) readRecords(step);
}

void Stream::handshake(Step& step) {
  SSL* ssl = native_->ssl.get();
  const int outcome = SSL_do_handshake(ssl);
  if (outcome != 1) return failBy(step, outcome);
  flush(step);
  state_ = State::open;
  giveUp_.stop();
  events_.push(Connected{agreedAlpn(ssl), SSL_get_version(ssl), SSL_get_cipher_name(ssl)});
}

void Stream::readRecords(Step& step) {
  std::array<std::uint8_t, kRecord> record{};
  while (true) {
    std::size_t size = 0;
    const int outcome = SSL_read_ex(native_->ssl.get(), record.data(), record.size(), &size);
    if (outcome != 1) return failBy(step, outcome);
    plaintext_.insert(plaintext_.end(), record.begin(),
                      record.begin() + static_cast<std::ptrdiff_t>(size));
    if (plaintext_.size() > limits::tls::kUnreadBytes) {
      return fail(step, FailureReason::unread, {});
    }
  }
}

// What a call that could not be completed means; most often only that more has to come.
void Stream::failBy(Step& step, int outcome) {
  SSL* ssl = native_->ssl.get();
  const int error = SSL_get_error(ssl, outcome);
  if (error == SSL_ERROR_WANT_READ) return flush(step);
  if (error == SSL_ERROR_ZERO_RETURN && state_ == State::open) {
    SSL_shutdown(ssl);
    flush(step);
    end();
    events_.push(Closed{});
    return;
  }
  const long verdict = SSL_get_verify_result(ssl);
  const unsigned long code = ERR_peek_error();
  std::string detail = crypto::ErrorScope::text();
  if (context_->isVerifying() && state_ == State::handshaking && verdict != X509_V_OK) {
    return fail(step, reasonOf(verdict), X509_verify_cert_error_string(verdict));
  }
  // OpenSSL numbers the alerts that it received from here on.
  const bool isAlert =
      error == SSL_ERROR_ZERO_RETURN ||
      (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET);
  const bool isMemory = ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
  fail(step,
       isMemory  ? FailureReason::outOfMemory
       : isAlert ? FailureReason::alert
                 : FailureReason::protocol,
       std::move(detail));
}

void Stream::flush(Step& step) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(native_->out, &data);
  if (size <= 0) return;
  lower_.sendBytes(step,
                   {reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
  (void)BIO_reset(native_->out);
}

void Stream::receiveEnd(Step& step) {
  if (state_ == State::idle || state_ == State::ended) return;
  fail(step, FailureReason::truncated, {});
}

ByteVector Stream::read() { return std::exchange(plaintext_, {}); }

bool Stream::send(Step& step, Bytes plaintext) {
  if (state_ != State::open) return false;
  if (plaintext.empty()) return true;
  const crypto::ErrorScope errors;
  std::size_t taken = 0;
  // Into a buffer that grows: all of it, unless there is no memory.
  if (SSL_write_ex(native_->ssl.get(), plaintext.data(), plaintext.size(), &taken) != 1) {
    fail(step, FailureReason::outOfMemory, crypto::ErrorScope::text());
    return false;
  }
  flush(step);
  return true;
}

void Stream::close(Step& step) {
  if (state_ == State::ended) return;
  if (state_ == State::open) {
    const crypto::ErrorScope errors;
    SSL_shutdown(native_->ssl.get());
    flush(step);
  }
  end();
}

void Stream::onTimer(Step& step) {
  if (giveUp_.expire(step.now)) fail(step, FailureReason::timeout, {});
}

// The alert that says why leaves before anything else ends.
void Stream::fail(Step& step, FailureReason reason, std::string detail) {
  if (native_ && native_->out != nullptr) flush(step);
  end();
  events_.push(Failed{reason, std::move(detail)});
}

void Stream::end() {
  state_ = State::ended;
  giveUp_.stop();
  native_.reset();
}

}  // namespace parley::tls
