// Numbers that differ where what they were made of differs.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace plumb {

/// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv) of texts, each with its end.
class Fingerprint {
 public:
  void add(const std::string& text);
  /// 16 hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

/// Of the files that verdicts come from: the program, the libraries it is linked with, and `libraries` (paths of shared
/// objects that only worker processes load; not what these are linked with). Their paths, sizes and times: another one
/// after one of them was built anew.
[[nodiscard]] std::string code_fingerprint(const std::set<std::string>& libraries = {});

}  // namespace plumb
