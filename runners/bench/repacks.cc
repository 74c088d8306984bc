#include "runners/bench/repacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/names.h"
#include "runners/aligned_bytes.h"
#include "runners/bench/beside_machine.h"
#include "runners/philox.h"
#include "runners/repack.h"

namespace plumb::bench {
namespace {

constexpr double kBar = 0.8;  // of memcpy

// One or more of each kind: rows, blocks of rows, columns that lie strides apart, codes in several pieces.
constexpr std::pair<const char*, const char*> kRepresentatives[] = {
    {"torchao.plain_int32", "et_vk.q4gsw"},
    {"et_vk.q4_even_high", "et_vk.q4gsw"},
    {"et_vk.q4gsw", "et_vk.w_4x8_nc"},
    {"et_vk.w_4x8_nc", "et_vk.q4gsw"},
    {"et_vk.q4gsw", "et_vk.w_4x8_kc"},
    {"et_vk.q4gsw", "et_vk.q4_linear_kc"},
    {"et_vk.q4gsw", "et_vk.q4_transposed"},
    {"et_vk.q4gsw", "plumb.rows_8"},
    {"plumb.rows_8", "et_vk.q4gsw"},
    {"torchao.plain_int32", "aten.int4_avx512"},
    {"aten.int4_avx512", "torchao.plain_int32"},
    {"aten.int4_avx512", "plumb.rows_8"},
    {"et_vk.w_4x8_nc", "et_vk.q4_linear_kc"},
    {"nncf.u4", "torchao.uintx4"},
    {"torchao.uintx4", "nncf.u4"},
    {"nncf.u2", "torchao.uintx2"},
    {"torchao.uintx2", "nncf.u2"},
    {"openvino.u3", "torchao.uintx3"},
    {"torchao.uintx3", "openvino.u3"},
    {"openvino.u6", "torchao.uintx6"},
    {"torchao.uintx6", "openvino.u6"},
    {"openvino.i8", "et_vk.q8_nc"},
};

bool is_wanted(const RepackCase& repack, std::string_view op_pattern) {
  if (op_pattern != "*") return glob_match(op_pattern, op_name(repack));
  return std::ranges::any_of(kRepresentatives, [&](const auto& pair) {
    return pair.first == repack.from->name && pair.second == repack.to->name;
  });
}

// Random codes: every byte is legal. A prime number of them is repeated.
AlignedBytes some_codes(std::int64_t size) {
  constexpr std::int64_t kPeriod = 65521;
  const Random random(0, "repack");
  AlignedBytes memory(size);
  const std::span<std::byte> bytes = memory.bytes();
  const std::int64_t fresh = std::min(size, kPeriod);
  for (std::int64_t i = 0; i < fresh; ++i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<std::byte>(random.bits(static_cast<std::uint64_t>(i)));
  }
  for (std::int64_t i = fresh; i < size; ++i) {
    bytes[static_cast<std::size_t>(i)] = bytes[static_cast<std::size_t>(i - fresh)];
  }
  return memory;
}

Record blank_record(const RepackCase& repack, int threads, std::int64_t moved_bytes) {
  Record record;
  record.kind = "repack";
  record.op = op_name(repack);
  record.impl = kRepackImpl;
  record.case_name = case_name(repack);
  record.threads = threads;
  record.moved_bytes = moved_bytes;
  record.bar = kBar;
  return record;
}

// With all numbers of threads.
void measure(const RepackCase& repack, const BenchOptions& options, Run& run) {
  const AlignedBytes from = some_codes(repack.from->size_bytes(repack.extent));
  AlignedBytes to(repack.to->size_bytes(repack.extent));
  const std::int64_t moved = std::ssize(from.bytes()) + std::ssize(to.bytes());
  Footprint footprint(moved);
  RepackRequest request{repack.from, repack.to, {}, {}};
  request.add = repack.to->min_code() - repack.from->min_code();  // every code fits
  // Whoever repacks many weights of an extent finds out how once.
  const Repacking repacking(request, repack.extent);
  for (const int threads : options.threads) {
    if (options.should_stop()) return;
    request.threads = threads;
    Record record = blank_record(repack, threads, moved);
    measure_beside_machine(
        footprint, [&] { (void)repacking(request, from.bytes(), to.bytes()); }, options, record);
    run.records.push_back(record);
    options.on_record(record);
  }
}

}  // namespace

std::string op_name(const RepackCase& repack) {
  return fmt::format("repack/{}/{}", repack.from->name, repack.to->name);
}

std::string case_name(const RepackCase& repack) {
  return fmt::format("{}[N={},K={}]", op_name(repack), repack.extent.rows, repack.extent.columns);
}

std::vector<RepackCase> plan_repacks(const std::vector<std::string>& groups, std::string_view op_pattern,
                                     const std::vector<Extents>& shapes) {
  const auto has = [&](std::string_view group) { return std::ranges::find(groups, group) != groups.end(); };
  std::vector<RepackCase> plan;
  if (!groups.empty() && !has("pack") && !has(kRepackGroup)) return plan;
  std::set<std::string> planned;
  for (const Extents& shape : shapes) {
    for (const Layout& from : all_layouts()) {
      for (const Layout& to : all_layouts()) {
        const RepackCase repack{&from, &to, {shape.N, shape.K}};
        if (from.bits != to.bits || !is_wanted(repack, op_pattern)) continue;
        // Shapes that differ in M alone are one to whatever has no M.
        if (planned.insert(case_name(repack)).second) plan.push_back(repack);
      }
    }
  }
  return plan;
}

void measure_repacks(const std::vector<RepackCase>& repacks, const BenchOptions& options, Run& run) {
  const auto start = std::chrono::steady_clock::now();
  run.info.planned += std::ssize(repacks) * std::ssize(options.threads);
  for (const RepackCase& repack : repacks) {
    if (!options.should_stop()) measure(repack, options, run);
  }
  run.info.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  run.info.interrupted = options.should_stop();
}

}  // namespace plumb::bench
