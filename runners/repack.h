// From any packed layout to any other, tensor file to tensor file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "reference/layout/layout.h"

namespace plumb {

/// What `plumb repack` is asked to do.
struct RepackRequest {
  const Layout* from;
  const Layout* to;
  std::filesystem::path input, output;
  std::string tensor = {};            ///< Name inside the input; empty: the only one.
  std::optional<Extent> extent = {};  ///< Rows and columns; else as the input's shape says.
  int add = 0;                        ///< Added to every code: 8 turns -8 … 7 into 0 … 15.
  int threads = 1;
  /// About what repack_file may keep in memory: slabs, an output that cannot be made slab by slab, or mapped pages.
  std::int64_t memory_bytes = std::int64_t{256} << 20;
  std::int64_t first_row = 0;                          ///< Row of a larger weight that the first row is, for messages.
  std::function<void(double share)> on_progress = {};  ///< Called on the caller's thread, as is should_stop.
  std::function<bool()> should_stop = {};
};

/// What was done.
struct RepackResult {
  Extent extent;
  std::int64_t input_bytes, output_bytes;
  bool finished;  ///< False if should_stop ended it: there is then no output.
};

class PlaneMove;
class WeightMove;

/// How codes get from layout to layout, found out once and then used for any number of weights of that extent, by any
/// number of threads. It refers to the layouts.
class Repacking {
 public:
  /// As the request says: layouts, what is added, memory.
  Repacking(const RepackRequest& request, Extent extent);
  ~Repacking();
  Repacking(const Repacking&) = delete;
  Repacking& operator=(const Repacking&) = delete;

  /// As repack_codes, for a request of the same layouts that adds the same.
  bool operator()(const RepackRequest& request, std::span<const std::byte> from, std::span<std::byte> to) const;

 private:
  Extent extent_;
  std::unique_ptr<const PlaneMove> planes_;  // of codes in several pieces; else the other one
  std::unique_ptr<const WeightMove> weight_;
};

/// Moves codes from layout to layout. `from` and `to` hold `from_layout.size_bytes(extent)` and `to_layout.size_bytes`
/// bytes; `to` is zeroed. What consists of whole tiles (see tile_plan.h) is moved with vectors, the rest code by code.
/// Returns false if should_stop ended it. Throws Error naming the first code that does not fit.
bool repack_codes(const RepackRequest& request, Extent extent, std::span<const std::byte> from,
                  std::span<std::byte> to);

/// Repacks a file, in memory that does not grow with it: some rows at a time where both layouts keep them apart, else
/// through mappings whose pages are given back again and again. The output appears under its name only when it is
/// complete. Throws Error naming file or argument: see golden/tensor_file.h; a shape that the layout does not explain;
/// a code that the other layout cannot hold; no room for the output.
[[nodiscard]] RepackResult repack_file(const RepackRequest& request);

}  // namespace plumb
