// Progress of a run on stderr.
#pragma once

#include <chrono>
#include <cstdint>

#include "reports/record.h"

namespace plumb {

/// Counts records and, once the run has lasted two seconds, shows how far it is: rewritten in place on a terminal, else
/// a line every ten seconds.
class Progress {
 public:
  explicit Progress(std::int64_t planned);
  void add(const Record& record);
  /// Clears the line. Returns the seconds since the start.
  double finish();

 private:
  void show();

  std::int64_t planned_, done_ = 0, wrong_ = 0;
  bool terminal_, shown_ = false;
  std::chrono::steady_clock::time_point start_, next_;
};

}  // namespace plumb
