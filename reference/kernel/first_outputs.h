// How who only wants to know whether anything changes spares most of a large oracle.
#pragma once

#include <cstdint>

namespace plumb {

/// While it lives, linear layers need not evaluate more than their first `count` outputs n on this thread: of those
/// behind them values are NaN, and all else is zero. Operators that do not ask evaluate everything.
class FirstOutputs {
 public:
  explicit FirstOutputs(std::int64_t count);
  ~FirstOutputs();
  FirstOutputs(const FirstOutputs&) = delete;
  FirstOutputs& operator=(const FirstOutputs&) = delete;

  /// How many of so many outputs are to be evaluated.
  [[nodiscard]] static std::int64_t of(std::int64_t outputs);

 private:
  std::int64_t outer_;
};

}  // namespace plumb
