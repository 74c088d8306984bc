// Other people's linear layers, timed by a Python script of ours (impls/external/peers/README.md says what it prints).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "reports/bench/record.h"
#include "runners/bench/cases.h"

namespace plumb::bench {

/// The script, in a checkout or installed. Throws Error if it is nowhere.
[[nodiscard]] std::filesystem::path default_peer_script();

/// What one peer answered.
struct PeerReply {
  std::string peer;                  ///< "torch 2.9.1"
  std::string what = {};             ///< "_weight_int4pack_mm_for_cpu, bf16"
  std::string differs = {};          ///< What it computes instead of a layer with f32 activations; empty if nothing.
  std::string absent = {};           ///< Why there are no samples; empty if there are some.
  std::int64_t weight_bytes = 0;     ///< Of the packed weight, scales and zero points.
  std::vector<double> seconds = {};  ///< Of single calls.
};

/// Reads one line of the script's output. Throws Error naming what is wrong with it.
[[nodiscard]] PeerReply parse_peer_line(std::string_view line);

/// Records of all peers, for the case that `ours` is a record of: case, threads, operations and what the machine can do
/// are its. Where the script does not start or breaks off, one record says why.
[[nodiscard]] std::vector<Record> ask_peers(const std::string& python, const std::filesystem::path& script,
                                            const Extents& shape, const Record& ours, double min_seconds);

}  // namespace plumb::bench
