#include "runners/accuracy/shared_numbers.h"

#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <new>

namespace plumb::accuracy {

SharedNumbers::SharedNumbers(std::size_t count) : data_(nullptr), count_(count) {
  if (count == 0) return;
  void* memory = mmap(nullptr, count * sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<double*>(memory);
  std::ranges::fill(numbers(), std::numeric_limits<double>::quiet_NaN());
}

SharedNumbers::~SharedNumbers() {
  if (data_ != nullptr) munmap(data_, count_ * sizeof(double));
}

}  // namespace plumb::accuracy
