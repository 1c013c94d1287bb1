#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// The system calls that a loop makes, counted by name. One of them can be refused once: this
// program defines them itself, and what it does not refuse goes on to the C library.

namespace parley::failing {

struct Call {
  std::string_view name;
  std::span<const int> errors;  // that a kernel may well answer with
  bool isVital;                 // without it a connection need not come about
};

std::span<const Call> calls();        // of a connection of two peers
std::span<const Call> streamCalls();  // of two ends of a TCP connection

void startCounting();
std::uint64_t countOf(std::string_view name);
void refuse(std::string_view name, std::uint64_t nth, int error);

}  // namespace parley::failing
