// What UdpMux and TcpMux promise alike.

#include <gtest/gtest.h>

#include "parley/parley.h"

namespace parley {
namespace {

template <class Mux>
struct Muxes : testing::Test {
  using Options = std::conditional_t<std::is_same_v<Mux, UdpMux>, UdpMuxOptions, TcpMuxOptions>;
};
using Kinds = testing::Types<UdpMux, TcpMux>;
TYPED_TEST_SUITE(Muxes, Kinds);

TYPED_TEST(Muxes, SayThatTheyHaveNoSocket) {
  using Options = typename TestFixture::Options;
  Loop loop;
  const TypeParam first(loop, {.addresses = {"127.0.0.1"}});
  const auto nameOf = [&](const Options& options) -> std::string {
    try {
      const TypeParam mux(loop, options);
      return "";
    } catch (const DOMException& error) {
      return error.name();
    }
  };
  EXPECT_EQ(nameOf({.addresses = {"127.0.0.1"}, .port = first.port()}), "OperationError");
  EXPECT_EQ(nameOf({.addresses = {"192.0.2.77"}}), "OperationError");
  EXPECT_EQ(nameOf({.addresses = {"localhost"}}), "TypeError");
  EXPECT_EQ(nameOf({.addresses = {"0.0.0.0"}}), "TypeError");
}

TYPED_TEST(Muxes, HaveOnePortOnAllTheirAddresses) {
  Loop loop;
  const TypeParam mux(loop, {.addresses = {"127.0.0.1", "127.0.0.2"}});
  const std::string port = ":" + std::to_string(mux.port());
  EXPECT_EQ(mux.addresses(), (std::vector<std::string>{"127.0.0.1" + port, "127.0.0.2" + port}));
}

}  // namespace
}  // namespace parley
