#include "tls/handshake.h"

#include <openssl/ec.h>
#include <openssl/srtp.h>

#include <array>
#include <utility>

#include "core/assert.h"
#include "core/wire.h"
#include "tls/hello.h"
#include "tls/key_schedule.h"
#include "tls/native.h"
#include "tls/peer_flight.h"
#include "tls/server_trust.h"

namespace parley::dtls {

namespace {

constexpr std::size_t kEarlyRecords = 4;          // of epoch 1, waiting for ChangeCipherSpec
constexpr std::size_t kEarlyRecordSize = 256;     // a Finished takes 61 bytes
constexpr unsigned kNeverMicros = 3'600'000'000;  // OpenSSL's own timer: an hour of the wall clock
constexpr std::uint8_t kAlertHandshakeFailure = 40;
constexpr std::uint8_t kAlertBadCertificate = 42;
constexpr std::uint8_t kAlertUnsupportedCertificate = 43;

std::optional<crypto::AeadAlgorithm> algorithmOf(const SSL_CIPHER* suite) {
  switch (SSL_CIPHER_get_cipher_nid(suite)) {
    case NID_aes_128_gcm:
      return crypto::AeadAlgorithm::aes128Gcm;
    case NID_aes_256_gcm:
      return crypto::AeadAlgorithm::aes256Gcm;
    case NID_chacha20_poly1305:
      return crypto::AeadAlgorithm::chacha20Poly1305;
    default:
      return std::nullopt;
  }
}

template <class Read, class From>
ByteVector readAll(Read read, const From* from, std::size_t size) {
  ByteVector bytes(size);
  bytes.resize(read(from, bytes.data(), bytes.size()));
  return bytes;
}

KeyMaterial materialOf(const SSL* ssl) {
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl);
  const SSL_SESSION* session = SSL_get_session(ssl);
  PARLEY_ASSERT(suite != nullptr && session != nullptr);
  const auto algorithm = algorithmOf(suite);
  PARLEY_ASSERT(algorithm);  // the context offers no other suites

  KeyMaterial material;
  material.algorithm = *algorithm;
  material.prf = EVP_MD_get0_name(SSL_CIPHER_get_handshake_digest(suite));
  material.masterSecret = readAll(SSL_SESSION_get_master_key, session, 48);
  material.clientRandom = readAll(SSL_get_client_random, ssl, 32);
  material.serverRandom = readAll(SSL_get_server_random, ssl, 32);
  return material;
}

std::string hexOf(Bytes bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// False when OpenSSL has no memory; without an agreed profile there are no keys.
bool exportSrtp(SSL* ssl, Role role, std::optional<crypto::SrtpKeys>& to) {
  const SRTP_PROTECTION_PROFILE* agreed = SSL_get_selected_srtp_profile(ssl);
  if (agreed == nullptr) return true;

  crypto::SrtpKeys keys;
  keys.profile = static_cast<crypto::SrtpProfile>(agreed->id);
  const std::size_t key = crypto::srtpKeySize(keys.profile);
  const std::size_t salt = crypto::srtpSaltSize(keys.profile);
  constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 4.2
  ByteVector block(2 * (key + salt));
  if (SSL_export_keying_material(ssl, block.data(), block.size(), kLabel.data(), kLabel.size(),
                                 nullptr, 0, 0) != 1) {
    return false;
  }
  WireReader in(block);
  ByteVector clientKey = toVector(in.bytes(key));
  ByteVector serverKey = toVector(in.bytes(key));
  ByteVector clientSalt = toVector(in.bytes(salt));
  ByteVector serverSalt = toVector(in.bytes(salt));
  crypto::wipe(block);

  const bool isClient = role == Role::client;
  keys.localKey = std::move(isClient ? clientKey : serverKey);
  keys.remoteKey = std::move(isClient ? serverKey : clientKey);
  keys.localSalt = std::move(isClient ? clientSalt : serverSalt);
  keys.remoteSalt = std::move(isClient ? serverSalt : clientSalt);
  to = std::move(keys);
  return true;
}

std::string groupOf(SSL* ssl) {
  const int nid = static_cast<int>(SSL_get_negotiated_group(ssl));
  if (nid == NID_undef) return {};
  const char* name = EC_curve_nid2nist(nid);
  if (name == nullptr) name = OBJ_nid2sn(nid);
  return name != nullptr ? name : "";
}

}  // namespace

struct Handshake::OpenSsl {
  OpenSsl(const Context& context, Role role_, const Policy& policy_)
      : role(role_),
        policy(policy_),
        ssl(SSL_new(context.native().ssl.get())),
        peerFlight(role_, policy_) {
    BIO* bio = ssl ? BIO_new(context.native().bio.get()) : nullptr;
    if (bio == nullptr) {
      lackMemory();
      return;
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl.get(), bio, bio);
    if (SSL_set_ex_data(ssl.get(), 0, this) != 1) {
      lackMemory();
      return;
    }
    SSL_set_mtu(ssl.get(), static_cast<long>(context.options().mtu));
    // Its timer reads the wall clock; flights are sent again by our own (see Session).
    DTLS_set_timer_cb(ssl.get(), [](SSL*, unsigned) { return kNeverMicros; });
    SSL_set_info_callback(ssl.get(), onInfo);
    if (!nameServer()) lackMemory();
    role == Role::client ? SSL_set_connect_state(ssl.get()) : SSL_set_accept_state(ssl.get());
  }

  static OpenSsl& of(const SSL* ssl) { return *static_cast<OpenSsl*>(SSL_get_ex_data(ssl, 0)); }
  static void onInfo(const SSL* ssl, int where, int value) {
    Failure& failure = of(ssl).failure;
    if ((where & SSL_CB_ALERT) == 0 || (where & SSL_CB_WRITE) == 0 || failure.isFinal) return;
    failure.alert = static_cast<std::uint8_t>(value & 0xff);
  }

  bool nameServer();
  void advance();
  void expectCookie(Bytes cookie);
  void feed(const Message& message);
  void feedRecord(const RecordView& record);
  void feedHeld();
  bool receiveHello(Message message);
  bool receiveHelloVerify(const Message& message);
  bool takeFlight();
  void collectFlight();
  void noteOwn(const FlightRecord& record);
  void keepFinished(const RecordView& record);
  const KeyBlock* keyBlock();  // null, as below, when memory was lacking
  const KeyBlock* derivedKeys();
  bool prepareEnd();
  bool isSealedByPeer(Bytes record);
  void fail(FailureReason reason, std::uint8_t alert);
  // Of OpenSSL. The attempt fails; there may be another one.
  void lackMemory() {
    failure.detail = "out of memory";
    progress = Progress::failed;
  }

  // RFC 6347 4.2.4: the peer's ChangeCipherSpec ends its last flight but for Finished.
  bool awaitsChangeCipherSpec() const {
    const OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl.get());
    return role == Role::client ? state == TLS_ST_CW_FINISHED : state == TLS_ST_SR_CERT_VRFY;
  }
  bool awaitsFinished() const {
    const OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl.get());
    return role == Role::client ? state == TLS_ST_CR_CHANGE : state == TLS_ST_SR_CHANGE;
  }

  Role role;
  const Policy& policy;
  SslPtr ssl;
  Progress progress = Progress::pending;
  Failure failure;

  Bytes input;        // what BIO_read gives next
  ByteVector output;  // what BIO_write took
  std::uint64_t nextPlainIn = 0;

  PeerFlight peerFlight;
  bool isFlightTaken = false;
  MessageAssembler own;    // OpenSSL cuts what it sends to the size of datagrams
  ByteVector transcript;   // server: from the hello on (RFC 5246 7.4.8)
  ByteVector helloRandom;  // of the client, whichever side that is
  ByteVector cookie;       // server: what the hello has to bring
  bool isBehindCookie = false;

  bool holdsChangeCipherSpec = false;
  std::vector<ByteVector> heldSealed;

  std::vector<FlightRecord> flight;
  int newestMessage = -1;    // of the peer, that we were shown
  int answeredMessage = -1;  // up to which our present flight is the answer

  std::optional<KeyBlock> keys;
  bool keyLineTaken = false;
  std::optional<RecordSealer> sealer;
  std::optional<RecordOpener> opener;
  std::optional<crypto::SrtpKeys> srtp;
  std::optional<crypto::Certificate> remote;
};

void Handshake::OpenSsl::fail(FailureReason reason, std::uint8_t alert) {
  failure.reason = reason;
  failure.isFinal = true;
  failure.alert = alert;
}

// Of the web: whose certificate it has to be, which verifyCertificate() then asks.
bool Handshake::OpenSsl::nameServer() {
  if (!policy.server()) return true;
  const crypto::ErrorScope errors;
  const std::string host = tls::withoutDot(policy.server()->host);
  return tls::tellHost(ssl.get(), host) &&
         tls::expectHost(ssl.get(), host, policy.server()->wallMicros);
}

void Handshake::OpenSsl::advance() {
  if (progress == Progress::failed) return;
  const crypto::ErrorScope errors;
  const int result = SSL_do_handshake(ssl.get());
  if (result == 1) {
    // RFC 7627: without it a handshake can be spliced onto another one.
    if (SSL_get_extms_support(ssl.get()) != 1) {
      fail(FailureReason::noExtendedMasterSecret, kAlertHandshakeFailure);
      progress = Progress::failed;
      return;
    }
    progress = Progress::done;
    collectFlight();
    if (progress == Progress::done && !prepareEnd()) lackMemory();
    return;
  }
  if (SSL_get_error(ssl.get(), result) == SSL_ERROR_WANT_READ) return collectFlight();
  if (failure.detail.empty()) failure.detail = crypto::ErrorScope::text();
  progress = Progress::failed;
}

// OpenSSL asks by itself; that request is thrown away, as ours has been answered before.
void Handshake::OpenSsl::expectCookie(Bytes cookie_) {
  if (progress == Progress::failed) return;
  cookie = toVector(cookie_);
  SSL_set_options(ssl.get(), SSL_OP_COOKIE_EXCHANGE);
  feed(emptyHello());
  flight.clear();
}

// Under a number of ours: those of epoch 0 are not authenticated, and a forged high one would move
// OpenSSL's replay window past everything that is real.
void Handshake::OpenSsl::feed(const Message& message) {
  newestMessage = std::max<int>(newestMessage, message.sequence);
  const ByteVector encoded = message.encode();
  ByteVector bytes(kRecordHeader + encoded.size());
  const RecordHeader header{ContentType::handshake, kDtls12, 0, nextPlainIn++,
                            static_cast<std::uint16_t>(encoded.size())};
  header.write(bytes);
  std::ranges::copy(encoded, bytes.begin() + kRecordHeader);
  input = bytes;
  advance();
  input = {};
}

void Handshake::OpenSsl::feedRecord(const RecordView& record) {
  input = record.whole;
  advance();
  input = {};
}

void Handshake::OpenSsl::feedHeld() {
  if (progress == Progress::pending && holdsChangeCipherSpec && awaitsChangeCipherSpec()) {
    holdsChangeCipherSpec = false;
    std::array<std::uint8_t, kRecordHeader + 1> bytes{};
    const RecordHeader header{ContentType::changeCipherSpec, kDtls12, 0, nextPlainIn++, 1};
    header.write(bytes);
    bytes.back() = 1;
    feedRecord({header, bytes, MutableBytes(bytes).last(1)});
  }
  while (progress == Progress::pending && !heldSealed.empty() && awaitsFinished()) {
    ByteVector bytes = std::move(heldSealed.front());
    heldSealed.erase(heldSealed.begin());
    if (!isSealedByPeer(bytes)) continue;
    MutableBytes rest = bytes;
    if (const auto record = takeRecord(rest)) feedRecord(*record);
  }
}

void Handshake::OpenSsl::collectFlight() {
  MutableBytes rest = output;
  std::vector<FlightRecord> fresh;
  while (const auto record = takeRecord(rest)) {
    FlightRecord copy{record->header.type, record->header.version, record->header.epoch, {}};
    if (copy.type == ContentType::alert) continue;  // the session says what has to be said
    if (copy.epoch == 0) {
      copy.body = toVector(record->body);
      if (copy.type == ContentType::handshake) noteOwn(copy);
    } else {
      const KeyBlock* block = keyBlock();
      if (block == nullptr) return lackMemory();
      RecordOpener ours(role == Role::client ? block->client : block->server);
      if (!ours.isReady()) return lackMemory();
      const auto text = ours.open(*record);
      PARLEY_ASSERT(text.has_value());
      copy.body = toVector(*text);
    }
    fresh.push_back(std::move(copy));
  }
  output.clear();
  if (fresh.empty()) return;
  flight = std::move(fresh);
  answeredMessage = newestMessage;
}

void Handshake::OpenSsl::noteOwn(const FlightRecord& record) {
  std::vector<Message> whole;
  own.take(record.body, whole);
  for (const Message& message : whole) {
    if (message.type == MessageType::clientHello) {
      if (const auto hello = ClientHello::parse(message.body))
        helloRandom = toVector(hello->random);
    } else if (role == Role::server) {
      const ByteVector encoded = message.encode();
      transcript.insert(transcript.end(), encoded.begin(), encoded.end());
    }
  }
}

// From the first record of ours in epoch 1 on.
const KeyBlock* Handshake::OpenSsl::keyBlock() {
  const KeyBlock* block = derivedKeys();
  if (block == nullptr) return nullptr;
  if (!sealer) {
    sealer.emplace(role == Role::client ? block->client : block->server);
    if (!sealer->isReady()) sealer.reset();
  }
  return sealer ? block : nullptr;
}

const KeyBlock* Handshake::OpenSsl::derivedKeys() {
  if (!keys) keys = expandKeys(materialOf(ssl.get()));
  return keys ? &*keys : nullptr;
}

// All that finish() hands out, so that it cannot fail.
bool Handshake::OpenSsl::prepareEnd() {
  const KeyBlock* block = keyBlock();
  if (block == nullptr) return false;
  opener.emplace(role == Role::client ? block->server : block->client);
  return opener->isReady() && exportSrtp(ssl.get(), role, srtp);
}

// What the peer's keys do not open OpenSSL is not shown: a forged Finished would cost the true one
// its place, and records too short for a tag have hurt some of its versions (CVE-2026-75806).
bool Handshake::OpenSsl::isSealedByPeer(Bytes bytes) {
  ByteVector copy = toVector(bytes);
  MutableBytes rest = copy;
  const auto record = takeRecord(rest);
  if (!record) return false;
  const KeyBlock* block = derivedKeys();
  if (block != nullptr) {
    RecordOpener theirs(role == Role::client ? block->server : block->client);
    if (theirs.isReady()) return theirs.open(*record).has_value();
  }
  lackMemory();
  return false;
}

void Handshake::OpenSsl::keepFinished(const RecordView& record) {
  if (record.whole.size() > kEarlyRecordSize) return;
  if (heldSealed.size() == kEarlyRecords) heldSealed.erase(heldSealed.begin());
  heldSealed.push_back(toVector(record.whole));
}

// The client's; a later one is another attempt's.
bool Handshake::OpenSsl::receiveHello(Message message) {
  const auto hello = ClientHello::parse(message.body);
  if (!hello || !helloRandom.empty() || message.sequence != (cookie.empty() ? 0 : 1)) return false;
  helloRandom = toVector(hello->random);
  transcript = message.encode();
  peerFlight.begin(message.sequence + 1);
  feed(message);
  return true;
}

// Anybody can ask for a cookie, and only once.
bool Handshake::OpenSsl::receiveHelloVerify(const Message& message) {
  if (message.sequence != 0 || isFlightTaken || isBehindCookie || !isCookieRequest(message.body)) {
    return false;
  }
  isBehindCookie = true;
  peerFlight.begin(1);
  feed(message);
  return true;
}

bool Handshake::OpenSsl::takeFlight() {
  const auto verdict = peerFlight.judge(role == Role::client ? helloRandom : transcript);
  if (verdict == PeerFlight::Verdict::forged) {
    peerFlight.clear();
    return false;
  }
  isFlightTaken = true;
  isBehindCookie = false;
  for (const Message& each : peerFlight.take()) {
    if (progress == Progress::pending) feed(each);
  }
  feedHeld();
  return true;
}

Handshake::Handshake(const Context& context, Role role, const Policy& policy,
                     std::optional<Bytes> cookie)
    : it_(std::make_unique<OpenSsl>(context, role, policy)) {
  if (cookie) it_->expectCookie(*cookie);
}

Handshake::~Handshake() = default;

void Handshake::start() { it_->advance(); }

bool Handshake::receive(Message message) {
  if (it_->progress != Progress::pending) return false;
  const bool isClient = it_->role == Role::client;
  bool isOfUse = false;
  if (message.type == MessageType::clientHello) {
    isOfUse = !isClient && it_->receiveHello(std::move(message));
  } else if (message.type == MessageType::helloVerifyRequest) {
    isOfUse = isClient && it_->receiveHelloVerify(message);
  } else {
    isOfUse = !it_->isFlightTaken && it_->peerFlight.add(std::move(message));
  }
  it_->feedHeld();
  return isOfUse;
}

bool Handshake::receive(const RecordView& record) {
  if (it_->progress != Progress::pending) return false;
  const RecordHeader& header = record.header;
  if (header.epoch == 1) {
    if (header.type != ContentType::handshake && header.type != ContentType::alert) return false;
    it_->keepFinished(record);
  } else if (header.epoch == 0 && header.type == ContentType::changeCipherSpec) {
    if (record.body.size() != 1 || record.body[0] != 1) return false;  // RFC 5246 7.1
    it_->holdsChangeCipherSpec = true;
  } else {
    return false;
  }
  it_->feedHeld();
  return true;
}

bool Handshake::hasPeerFlight() const {
  return it_->progress == Progress::pending && !it_->isFlightTaken && it_->peerFlight.isWhole();
}

bool Handshake::takePeerFlight() { return it_->takeFlight(); }

Handshake::Progress Handshake::progress() const { return it_->progress; }

bool Handshake::hasFlight() const { return !it_->flight.empty(); }

std::vector<FlightRecord> Handshake::takeFlight() { return std::exchange(it_->flight, {}); }

bool Handshake::isAnswered(const Message& message) const {
  return message.sequence <= it_->answeredMessage;
}

bool Handshake::hasHello(Bytes random) const { return equal(it_->helloRandom, random); }

bool Handshake::hasProof() const { return !it_->cookie.empty(); }

bool Handshake::isBehindCookie() const { return it_->isBehindCookie; }

bool Handshake::sawWrongCertificate() const { return it_->peerFlight.sawWrongCertificate(); }

std::optional<std::string> Handshake::takeKeyLine() {
  if (!it_->keys || std::exchange(it_->keyLineTaken, true)) return std::nullopt;
  const KeyMaterial material = materialOf(it_->ssl.get());
  return "CLIENT_RANDOM " + hexOf(material.clientRandom) + ' ' + hexOf(material.masterSecret);
}

RecordSealer* Handshake::sealer() { return it_->sealer ? &*it_->sealer : nullptr; }

Handshake::Outcome Handshake::finish() {
  PARLEY_ASSERT(it_->progress == Progress::done && it_->remote);
  const crypto::ErrorScope errors;
  SSL* ssl = it_->ssl.get();
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl);
  return {.connected = {.remote = std::move(*it_->remote),
                        .cipher = SSL_CIPHER_standard_name(suite),
                        .cipherId = SSL_CIPHER_get_protocol_id(suite),
                        .group = groupOf(ssl),
                        .version = kDtls12,
                        .srtp = std::move(it_->srtp)},
          .sealer = std::move(*it_->sealer),
          .opener = std::move(*it_->opener)};
}

const Handshake::Failure& Handshake::failure() const { return it_->failure; }

// ---- where OpenSSL calls us ----

BioMethodPtr makeDatagramBio() {
  BioMethodPtr method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "records"));
  if (!method) return nullptr;
  BIO_meth_set_write(method.get(), [](BIO* bio, const char* data, int size) {
    auto& it = *static_cast<Handshake::OpenSsl*>(BIO_get_data(bio));
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    it.output.insert(it.output.end(), bytes, bytes + size);
    return size;
  });
  BIO_meth_set_read(method.get(), [](BIO* bio, char* data, int room) {
    auto& it = *static_cast<Handshake::OpenSsl*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (it.input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const Bytes taken = it.input.first(std::min(it.input.size(), static_cast<std::size_t>(room)));
    std::memcpy(data, taken.data(), taken.size());
    it.input = {};  // the rest of a datagram that does not fit is lost, as with a socket
    return static_cast<int>(taken.size());
  });
  BIO_meth_set_ctrl(method.get(), [](BIO*, int command, long, void*) -> long {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  });
  return method;
}

int makeCookie(SSL* ssl, unsigned char* cookie, unsigned int* size) {
  const ByteVector& ours = Handshake::OpenSsl::of(ssl).cookie;
  std::ranges::copy(ours, cookie);
  *size = static_cast<unsigned int>(ours.size());
  return 1;
}

int verifyCookie(SSL* ssl, const unsigned char* cookie, unsigned int size) {
  return equal(Handshake::OpenSsl::of(ssl).cookie, Bytes(cookie, size)) ? 1 : 0;
}

int verifyCertificate(X509_STORE_CTX* store, void*) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& it = Handshake::OpenSsl::of(ssl);
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  crypto::Certificate certificate(crypto::derOf(leaf));
  if (certificate.der().empty()) {  // no memory: nothing is said of the peer by that
    X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
    return 0;
  }
  if (it.policy.server() && X509_verify_cert(store) != 1) {
    it.fail(FailureReason::untrusted, kAlertBadCertificate);
    it.failure.detail = tls::describe(tls::reasonOf(X509_STORE_CTX_get_error(store)));
    return 0;
  }
  if (certificate.der().size() > limits::dtls::kCertificateDer || !it.policy.accepts(certificate)) {
    it.fail(FailureReason::wrongFingerprint, kAlertBadCertificate);
  } else if (!crypto::isSupportedKey(X509_get0_pubkey(leaf))) {
    it.fail(FailureReason::unsupportedCertificate, kAlertUnsupportedCertificate);
  } else {
    it.remote = std::move(certificate);
    return 1;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

}  // namespace parley::dtls
