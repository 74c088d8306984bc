#include "golden/isolated.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <string_view>

#include "reference/error.h"
#include "reference/sanitized.h"

namespace plumb::golden {
namespace {

// First byte of what the child sends: is the rest the result, or the message of an exception?
constexpr char kResult = 'r';
constexpr char kException = 'e';

std::int64_t address_space_bytes() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

void set_limit(decltype(RLIMIT_AS) resource, std::int64_t value) {
  rlimit limit{};
  getrlimit(resource, &limit);
  limit.rlim_cur = std::min(limit.rlim_max, static_cast<rlim_t>(value));
  setrlimit(resource, &limit);
}

// A damaged file must end the child quickly, quietly, and never after its parent.
void confine(const Limits& limits) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_CPU, limits.time.count() / 1000 + 1);
  if (kSanitized) return;
  if (limits.memory_bytes > 0) set_limit(RLIMIT_AS, address_space_bytes() + limits.memory_bytes);
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPIPE}) std::signal(signal, SIG_DFL);
  if (!limits.quiet) return;
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
}

bool send(int pipe_end, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = write(pipe_end, bytes.data(), bytes.size());
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string result_or_message(const std::string& subject, const std::function<std::string()>& work) {
  try {
    return kResult + work();
  } catch (const Error& error) {
    return std::string(1, kException) + error.what();
  } catch (const std::exception& exception) {
    return kException + subject + ": " + exception.what();
  }
}

// Everything the child sends until it closes the pipe. Empty `stopped_because` if it did so within the limits.
std::string receive(int pipe_end, const Limits& limits, std::string& stopped_because) {
  const auto deadline = std::chrono::steady_clock::now() + limits.time;
  std::string received;
  std::string buffer(1 << 20, '\0');
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{pipe_end, POLLIN, 0};
    const int count = left.count() > 0 ? poll(&ready, 1, static_cast<int>(left.count())) : 0;
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) {
      stopped_because = "did not end within " + std::to_string(limits.time.count()) + " ms";
      return received;
    }
    const ssize_t got = ::read(pipe_end, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return received;
    received.append(buffer, 0, static_cast<std::size_t>(got));
    if (static_cast<std::int64_t>(received.size()) > limits.result_bytes) {
      stopped_because = "gave more than " + std::to_string(limits.result_bytes) + " bytes";
      return received;
    }
  }
}

std::string describe_end(int status) {
  if (WIFEXITED(status)) return "ended its process with exit status " + std::to_string(WEXITSTATUS(status));
  const char* name = sigabbrev_np(WTERMSIG(status));
  return "ended its process with " + (name ? "SIG" + std::string(name) : std::to_string(WTERMSIG(status)));
}

}  // namespace

std::string run_isolated(const std::string& subject, const std::function<std::string()>& work, const Limits& limits) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw Error(subject + ": cannot make a pipe: " + std::strerror(errno));
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    confine(limits);
    _exit(send(ends[1], result_or_message(subject, work)) ? 0 : 1);
  }
  const int fork_error = errno;
  close(ends[1]);
  std::string stopped_because;
  std::string received;
  if (child > 0) received = receive(ends[0], limits, stopped_because);
  close(ends[0]);
  if (child < 0) throw Error(subject + ": cannot start its reader: " + std::strerror(fork_error));
  if (!stopped_because.empty()) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (stopped_because.empty() && !(WIFEXITED(status) && WEXITSTATUS(status) == 0 && !received.empty()))
    stopped_because = describe_end(status);
  if (!stopped_because.empty()) throw Error(subject + " " + limits.blame + " " + stopped_because);
  const std::string body = received.substr(1);
  if (received[0] == kException) throw Error(body);
  return body;
}

}  // namespace plumb::golden
