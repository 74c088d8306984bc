// Errors that a user can cause, and broken invariants, which only we can.
#pragma once

#include <stdexcept>
#include <string>

namespace plumb {

/// Thrown for a user's mistake: a bad argument, name, file or graph. The message names the subject, what was expected,
/// what was found, and where helpful the next step. `plumb` prints it on stderr and exits 3.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace detail

}  // namespace plumb

/// Ends the program with file and line if an invariant of plumbline itself does not hold.
#define PLUMB_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::plumb::detail::check_failed(#condition, __FILE__, __LINE__))
