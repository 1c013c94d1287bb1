#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

// What browsers wrote (tests/vectors/sdp), for tests here and in jsep.

namespace parley::sdp::test {

inline std::string readVector(const std::string& name) {
  std::ifstream file(std::string(PARLEY_TEST_VECTORS) + "/sdp/" + name + ".sdp", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Name to text, in order of name.
inline std::map<std::string, std::string> allVectors() {
  std::map<std::string, std::string> vectors;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(PARLEY_TEST_VECTORS) + "/sdp"))
    if (entry.path().extension() == ".sdp") {
      const std::string name = entry.path().stem().string();
      vectors[name] = readVector(name);
    }
  return vectors;
}

}  // namespace parley::sdp::test
