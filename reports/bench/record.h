// What `plumb bench` measured: its facts, and one record for each case, implementation and number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/record.h"

namespace plumb::bench {

/// Middle and spread of a quantity that was sampled several times.
struct Spread {
  double median = 0;
  double low = 0;    ///< First quartile.
  double high = 0;   ///< Third quartile.
  double least = 0;  ///< The smallest sample.
};

/// One implementation, on one case, with one number of threads.
struct Record {
  std::string kind;       ///< "pack", "unpack", "repack", "quantize", "dequantize", "lookup", "linear", "int8 linear".
  std::string op;         ///< "pack_uint4"
  std::string impl;       ///< "cpu.avx2", or a peer: "torch 2.9.1".
  std::string case_name;  ///< As `plumb check` takes it.
  int threads = 1;
  std::string reason;        ///< Why there is no measurement; empty if there is one.
  bool misbehaved = false;   ///< Not measured because the implementation failed, rather than because it is not there.
  std::int64_t samples = 0;  ///< 0 if nothing was measured.
  std::int64_t moved_bytes =
      0;  ///< All inputs read once and all outputs written once; of a lookup's table the rows asked for.
  /// Moved once more, because outputs may not change before all elements with limits are known to lie within them: the
  /// inputs that have limits are read twice, or what outputs held is read and set aside, whichever is less.
  std::int64_t checking_bytes = 0;
  std::int64_t weight_bytes = 0;  ///< The constant inputs among the bytes moved.
  std::int64_t operations = 0;    ///< Multiplications and additions that the definition asks for.
  Spread seconds;                 ///< Of one call.
  /// All bytes per second, those moved once more among them, as a share of memcpy's (which moves 2 n bytes to copy n)
  /// over the same footprint with the same threads, sample by sample: a noisy neighbour slows both.
  Spread share_of_copy;
  Spread copy_seconds;        ///< Of a memcpy of half the bytes moved, which reads and writes as many.
  double read_rate = 0;       ///< Bytes per second that a plain read of the same footprint took in, median.
  double operation_rate = 0;  ///< Operations per second of multiply-and-add in registers, median; 0 if not measured.
  double bar = 0;             ///< The share of copy that is aimed at; 0 = none.
  double read_bar = 0;        ///< The share of plain reading that is aimed at; 0 = none.
  bool peer = false;          ///< Somebody else's, for ours to be held to.
  std::string differs;        ///< A peer's arithmetic, where it is not that of `op`; empty if it is.
};

/// Facts about the whole run (seed and planned of RunInfo count too), and all records.
struct Run {
  RunInfo info;
  double min_seconds = 0;  ///< How long each case was sampled, at least.
  std::vector<Record> records;
};

/// What follows from a record.
[[nodiscard]] bool is_measured(const Record& record);
[[nodiscard]] double moved_rate(const Record& record);     ///< Bytes moved per second.
[[nodiscard]] double needed_factor(const Record& record);  ///< How many times moved_bytes are moved, of necessity.
[[nodiscard]] bool checks_matter(const Record& record);    ///< Whether that differs from 1 by what would be shown.
[[nodiscard]] double copy_rate(const Record& record);      ///< Bytes per second that memcpy moved.
[[nodiscard]] double weight_rate(const Record& record);    ///< Bytes of weight per second.
[[nodiscard]] double operations_per_second(const Record& record);
[[nodiscard]] double share_of_read(const Record& record);        ///< moved_rate * needed_factor / read_rate.
[[nodiscard]] double share_of_operations(const Record& record);  ///< 0 where there are none.
/// The share of what this machine could do at best: the larger of what memory and arithmetic allow (roofline).
[[nodiscard]] double share_of_roof(const Record& record);

/// The fastest call beside the fastest copy: what a machine that is shared with others hides least of.
[[nodiscard]] double share_of_copy_at_best(const Record& record);

/// How a record compares with its bar, of copy or of read.
enum class Standing { none, reached, missed };
[[nodiscard]] Standing standing(const Record& record);

/// Something that one of our records is held to.
struct Bar {
  const Record* ours;
  std::string to;   ///< "80 % of memcpy", "openvino 2026.4.1 (u4 MatMul, bf16)"
  double reached;   ///< 1 = just so.
  std::string why;  ///< What explains a miss; empty if nothing does that is known.
};

[[nodiscard]] bool is_reached(const Bar& bar);

/// All bars of a run: of memory's rates, and the speed of each peer that was timed on the same sizes with the same
/// threads. They point into the run.
[[nodiscard]] std::vector<Bar> bars(const Run& run);

/// 0 everything measured; 1 an implementation failed; 2 nothing measured or cut short.
[[nodiscard]] int exit_code(const Run& run);

/// "62 measured; 60 of 62 bars are reached".
[[nodiscard]] std::string headline(const Run& run);

}  // namespace plumb::bench
