// A pipe that closes itself, and reads and writes that finish what they start.
#pragma once

#include <cstddef>

namespace plumb {

/// Both ends of a pipe. Throws Error if none can be made.
class Pipe {
 public:
  Pipe();
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int read_end() const { return fds_[0]; }
  [[nodiscard]] int write_end() const { return fds_[1]; }
  void close_read();
  void close_write();
  /// Hands an end over to the caller, who closes it.
  [[nodiscard]] int release_read();
  [[nodiscard]] int release_write();

 private:
  int fds_[2];
};

/// Reads exactly `size` bytes. False at the end of the pipe or on an error.
[[nodiscard]] bool read_fully(int fd, void* data, std::size_t size);
/// Writes exactly `size` bytes. False if the other end is closed.
[[nodiscard]] bool write_fully(int fd, const void* data, std::size_t size);

}  // namespace plumb
