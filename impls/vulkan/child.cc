#include "impls/vulkan/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "impls/builtin.h"

namespace plumb::vulkan {
namespace {

using Clock = std::chrono::steady_clock;

// The first byte of an answer says what the rest is.
constexpr char kResult = 'R', kFailure = 'F';

void write_all(int pipe, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(pipe, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the parent is gone
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void answer(int pipe, const std::function<std::string()>& body) {
  signal(SIGPIPE, SIG_IGN);
  try {
    write_all(pipe, kResult + body());
  } catch (const std::exception& error) {
    write_all(pipe, fmt::format("{}{}", kFailure, error.what()));
  } catch (...) {
    write_all(pipe, fmt::format("{}unknown exception", kFailure));
  }
  _exit(0);
}

// Reads until the child closes its end. False if that takes too long.
bool read_until_closed(int pipe, Clock::time_point deadline, std::string& text) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wanted{pipe, POLLIN, 0};
    if (poll(&wanted, 1, static_cast<int>(left)) <= 0) continue;  // time is up, or a signal came
    char buffer[4096];
    const ssize_t got = read(pipe, buffer, sizeof buffer);
    if (got > 0) {
      text.append(buffer, static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      return true;
    }
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string ask_child(const std::function<std::string()>& body, int timeout_ms) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw DeviceError(fmt::format("pipe: {}", std::strerror(errno)));
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    answer(ends[1], body);
  }
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    throw DeviceError(fmt::format("fork: {}", std::strerror(errno)));
  }
  std::string text;
  const bool in_time = read_until_closed(ends[0], Clock::now() + std::chrono::milliseconds(timeout_ms), text);
  close(ends[0]);
  if (!in_time) kill(child, SIGKILL);
  const int status = wait_for(child);
  if (!in_time) throw DeviceError(fmt::format("no answer within {} ms", timeout_ms));
  if (WIFSIGNALED(status)) throw DeviceError(fmt::format("died of signal {}", strsignal(WTERMSIG(status))));
  if (WEXITSTATUS(status) != 0) throw DeviceError(fmt::format("ended with exit status {}", WEXITSTATUS(status)));
  if (text.empty()) throw DeviceError("ended without an answer");
  if (text[0] == kFailure) throw DeviceError(text.substr(1));
  return text.substr(1);
}

}  // namespace plumb::vulkan
