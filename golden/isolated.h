// Work on untrusted bytes by a library that may crash, hang or allocate without end, kept away from our own process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace plumb::golden {

/// What the isolated work may use.
struct Limits {
  std::chrono::milliseconds time{30'000};             ///< Wall clock.
  std::int64_t memory_bytes = std::int64_t{4} << 30;  ///< Address space beyond what this process has now. Not enforced
                                                      ///< in ASan and TSan builds, which reserve terabytes themselves.
                                                      ///< 0: no limit.
  std::int64_t result_bytes = std::int64_t{2} << 30;  ///< Length of the result.
  bool quiet = true;                             ///< What `work` writes to stderr is dropped (not in sanitizer builds).
  const char* blame = "is corrupt: reading it";  ///< What to say of `subject` if the child dies, before how.
};

/// Runs `work` in a forked child process and returns its result. If `work` throws a plumb::Error, throws the same;
/// for any other std::exception, one with `subject` before its message. If the child dies or exceeds a limit, throws a
/// plumb::Error that blames `subject`, the file worked on, and says how the child ended. Nothing `work` does to
/// memory, signals or HDF5 is seen by the caller. The caller must have no other thread running.
[[nodiscard]] std::string run_isolated(const std::string& subject, const std::function<std::string()>& work,
                                       const Limits& limits = {});

}  // namespace plumb::golden
