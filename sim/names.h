#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/time.h"

namespace parley::sim {

// What one question for a name is answered with. No address: the name does not exist.
struct NameAnswer {
  std::vector<IpAddress> addresses;
  Duration delay = 20ms;
  bool isNever = false;  // the question stays open for good
};

// The DNS as all machines of a world see it. Literals name themselves at once.
class Names {
 public:
  // One answer after the other; the last one stays.
  void set(std::string hostname, std::vector<NameAnswer> answers);
  void forget(const std::string& hostname) { records_.erase(hostname); }
  NameAnswer ask(const std::string& hostname);
  std::size_t asked(const std::string& hostname) const;

 private:
  struct Record {
    std::vector<NameAnswer> answers;
    std::size_t asked = 0;
  };
  std::map<std::string, Record> records_;
};

}  // namespace parley::sim
