#include "runners/bench/peers.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "reference/error.h"
#include "reference/names.h"
#include "reports/json_node.h"
#include "runners/bench/statistics.h"

namespace plumb::bench {
namespace {

constexpr int kCommandNotFound = 127;  // what a shell says

std::string command_for(const std::string& python, const std::filesystem::path& script, const Extents& shape,
                        int threads, double min_seconds) {
  return fmt::format("{} {} --M {} --N {} --K {} --group {} --threads {} --min-time {} 2>/dev/null",
                     shell_quoted(python), shell_quoted(script.string()), shape.M, shape.N, shape.K, shape.group,
                     threads, min_seconds);
}

// What a command printed, line by line, and how it ended.
struct Printed {
  std::vector<std::string> lines;
  int status;
};

Printed run_command(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {{}, -1};
  std::string text;
  std::array<char, 4096> chunk;
  while (const std::size_t count = fread(chunk.data(), 1, chunk.size(), pipe)) text.append(chunk.data(), count);
  Printed printed{{}, pclose(pipe)};
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    if (end > start) printed.lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return printed;
}

Record record_of(const PeerReply& reply, const Record& ours) {
  Record record = ours;
  record.impl = reply.what.empty() ? reply.peer : fmt::format("{} ({})", reply.peer, reply.what);
  record.reason = reply.absent.empty() ? "" : "absent: " + reply.absent;
  record.misbehaved = false;
  record.samples = std::ssize(reply.seconds);
  record.seconds = spread_of(reply.seconds);
  record.moved_bytes += reply.weight_bytes - ours.weight_bytes;  // activations and results are the same
  record.weight_bytes = reply.weight_bytes;
  // The copy beside which ours was measured was no neighbour of the peer's calls.
  record.share_of_copy = record.copy_seconds = {};
  record.bar = record.read_bar = 0;
  record.peer = true;
  record.differs = reply.differs;
  return record;
}

Record complaint(const Record& ours, const std::string& reason) {
  return record_of({.peer = "peers", .absent = reason, .weight_bytes = ours.weight_bytes}, ours);
}

}  // namespace

std::filesystem::path default_peer_script() {
  std::error_code ignored;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  // build/<preset>/plumb in a checkout; PREFIX/bin/plumb once installed.
  for (const char* relative : {"../../impls/external/peers", "../share/plumbline/peers"}) {
    const std::filesystem::path candidate = (program / relative / "linear_peers.py").lexically_normal();
    if (std::filesystem::exists(candidate, ignored)) return candidate;
  }
  throw Error("--peers: linear_peers.py is neither in impls/external/peers nor in share/plumbline/peers");
}

PeerReply parse_peer_line(std::string_view line) {
  const nlohmann::json value = parse_json(line);
  const JsonNode root(value);
  PeerReply reply{.peer = root.field("peer").text()};
  if (value.contains("absent")) {
    root.refuse_fields_except({"peer", "absent"});
    reply.absent = root.field("absent").text();
    if (reply.absent.empty()) root.field("absent").refuse("expected a reason");
    return reply;
  }
  root.refuse_fields_except({"peer", "what", "differs", "weight_bytes", "seconds"});
  reply.what = root.field("what").text();
  reply.differs = root.field("differs").text();
  reply.weight_bytes = root.field("weight_bytes").integer();
  const JsonNode seconds = root.field("seconds");
  for (std::size_t i = 0; i < seconds.array_size(); ++i) reply.seconds.push_back(seconds.element(i).number());
  if (reply.seconds.empty()) seconds.refuse("expected a sample");
  for (std::size_t i = 0; i < reply.seconds.size(); ++i) {
    if (!(reply.seconds[i] > 0)) seconds.element(i).refuse("expected a positive number of seconds");
  }
  return reply;
}

std::vector<Record> ask_peers(const std::string& python, const std::filesystem::path& script, const Extents& shape,
                              const Record& ours, double min_seconds) {
  const Printed printed = run_command(command_for(python, script, shape, ours.threads, min_seconds));
  std::vector<Record> records;
  for (const std::string& line : printed.lines) {
    try {
      records.push_back(record_of(parse_peer_line(line), ours));
    } catch (const Error& error) {
      records.push_back(complaint(ours, error.what()));
    }
  }
  if (printed.status == 0) return records;
  const bool not_found = WIFEXITED(printed.status) && WEXITSTATUS(printed.status) == kCommandNotFound;
  records.push_back(complaint(ours, not_found ? fmt::format("there is no {}", python)
                                              : fmt::format("{} broke off", script.filename().string())));
  return records;
}

}  // namespace plumb::bench
