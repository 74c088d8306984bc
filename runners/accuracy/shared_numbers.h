// Numbers that a worker process writes and its parent reads, also if the worker dies half-way.
#pragma once

#include <cstddef>
#include <span>

namespace plumb::accuracy {

/// Memory that forked processes share. All numbers are NaN at first.
class SharedNumbers {
 public:
  /// Throws std::bad_alloc.
  explicit SharedNumbers(std::size_t count);
  ~SharedNumbers();
  SharedNumbers(const SharedNumbers&) = delete;
  SharedNumbers& operator=(const SharedNumbers&) = delete;

  [[nodiscard]] std::span<double> numbers() const { return {data_, count_}; }

 private:
  double* data_;
  std::size_t count_;
};

}  // namespace plumb::accuracy
