// A program from outside the tree: it sees only what `cmake --install` put into a prefix.

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <parley/parley.h>

namespace {

int fail(const char* what) {
  std::fprintf(stderr, "consumer: %s\n", what);
  return 1;
}

}  // namespace

int main() {
  using namespace std::chrono_literals;
  if (!parley::version().parley.starts_with(PARLEY_EXPECTED_VERSION)) return fail("wrong version");

  parley::Loop loop;
  bool offered = false;
  {
    parley::RTCPeerConnection pc(loop);
    const auto channel = pc.createDataChannel("consumer");
    pc.setLocalDescription().then([&](parley::Undefined) { offered = true; });
    if (!loop.runUntil([&] { return offered; }, 10s)) return fail("no local description");

    const auto state = pc.signalingState();
    std::printf("signalingState %s\n", std::string(parley::toString(state)).c_str());
    if (state != parley::RTCSignalingState::haveLocalOffer) return fail("wrong state");
    if (pc.localDescription()->sdp.find("webrtc-datachannel") == std::string::npos) {
      return fail("the offer has no data channels");
    }

    // Thrown in the library, caught here: the type's identity must survive a shared library.
    bool caught = false;
    pc.close();
    try {
      pc.createDataChannel("too late");
    } catch (const parley::DOMException& e) {
      caught = e.name() == "InvalidStateError";
    }
    if (!caught) return fail("no InvalidStateError after close");
  }
  loop.drain(2s);
  if (!loop.releaseReport().isZero()) return fail(loop.releaseReport().toString().c_str());
  std::printf("everything released\n");
  return 0;
}
