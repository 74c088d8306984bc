#include "reference/error.h"

#include <cstdio>
#include <cstdlib>

namespace plumb::detail {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s (a defect in plumbline, please report it)\n", file, line,
               condition);
  std::abort();
}

}  // namespace plumb::detail
