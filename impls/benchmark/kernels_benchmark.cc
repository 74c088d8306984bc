// Google Benchmark over the CPU kernels that pack, unpack, repack and quantise, on the best target of this machine,
// with memcpy of as many bytes before each. `plumb bench` compares the two; this is for profilers, and for whoever
// tunes one.
//
//   build/release/kernels_benchmark --benchmark_filter='pack_uint4'

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "impls/cpu/kernels.h"
#include "impls/cpu/peaks.h"
#include "impls/testing/abi_call.h"
#include "impls/testing/problems.h"
#include "reference/ops.h"

namespace plumb {
namespace {

constexpr std::int64_t kRows = 4096, kColumns = 4096, kGroup = 128, kCodes = kRows * kColumns;

std::int64_t dtype(DType type) { return static_cast<std::int64_t>(type); }

// A kernel and the sizes that it is timed with.
struct Row {
  cpu::MakeKernel make;
  Sizes sizes;
};

std::vector<Row> rows() {
  const Sizes weight = {{"N", kRows}, {"K", kColumns}};
  const auto with = [](Sizes sizes, const Sizes& more) {
    sizes.insert(more.begin(), more.end());
    return sizes;
  };
  const Sizes blocks = {{"M", kRows}, {"K", kColumns}, {"group", kGroup}};
  const Sizes i8_codes = with(blocks, {{"code", dtype(DType::i8)}, {"zp", dtype(DType::i8)}});
  return {
      {cpu::pack_uint4, {{"n", kCodes}}},
      {cpu::unpack_uint4, {{"n", kCodes / 2}}},
      {cpu::pack_plain_int4, weight},
      {cpu::unpack_plain_int4, weight},
      {cpu::pack_plain_int32, weight},
      {cpu::unpack_plain_int32, weight},
      {cpu::pack_aten_int4, with(weight, {{"isa", 0}})},
      {cpu::unpack_aten_int4, with(weight, {{"isa", 0}})},
      {cpu::pack_q4gsw, weight},
      {cpu::pack_w_4x8, weight},
      {cpu::pack_q8_linear_weight, weight},
      {cpu::choose_qparams_affine, blocks},
      {cpu::quantize_affine, i8_codes},
      {cpu::dequantize_affine, i8_codes},
      {cpu::q4gsw_requant, with(weight, {{"group", kGroup}})},
  };
}

std::int64_t bytes_moved(const Builtin& builtin, const Sizes& sizes) {
  const Op& op = op_named(builtin.abi()->op);
  const Signature signature = make_signature(op, sizes);
  std::int64_t bytes = 0;
  for (const std::vector<Port>* ports : {&op.inputs, &op.outputs}) {
    for (const Port& port : *ports) {
      if (!is_present(port, signature)) continue;
      bytes += element_count(shape_of(port, signature)) * info(dtype_of(port, op, signature)).size_bytes;
    }
  }
  return bytes;
}

void time_copy(benchmark::State& state, std::int64_t moved, int threads) {
  const std::vector<std::byte> from(static_cast<std::size_t>(moved / 2), std::byte{1});
  std::vector<std::byte> to(from.size());
  for (auto _ : state) cpu::copy_memory(from, to, threads);
  state.SetBytesProcessed(state.iterations() * moved);
}

void time_kernel(benchmark::State& state, const Builtin& builtin, const Sizes& sizes, int threads) {
  const Op& op = op_named(builtin.abi()->op);
  const Problem problem = problem_of(op, sizes, Data::exact);
  AbiCall call(op, problem, Stage::run_without_prepare);
  call.call.threads = threads;
  for (auto _ : state) {
    if (builtin.abi()->run(builtin.abi(), &call.call, nullptr) != PLUMB_OK) {
      state.SkipWithError("the call failed");
      break;
    }
  }
  state.SetBytesProcessed(state.iterations() * bytes_moved(builtin, sizes));
}

void register_row(const Row& row, int threads) {
  const auto builtin = std::make_shared<Builtin>("cpu." + cpu::best_target().name, "", row.make(cpu::best_target()));
  const std::string name = std::string(builtin->abi()->op) + "/" + builtin->abi()->name;
  const std::string suffix = "/threads:" + std::to_string(threads);
  const std::int64_t moved = bytes_moved(*builtin, row.sizes);
  benchmark::RegisterBenchmark((name + "/memcpy" + suffix).c_str(), [=](benchmark::State& state) {
    time_copy(state, moved, threads);
  })->UseRealTime();
  benchmark::RegisterBenchmark((name + suffix).c_str(), [=, sizes = row.sizes](benchmark::State& state) {
    time_kernel(state, *builtin, sizes, threads);
  })->UseRealTime();
}

}  // namespace
}  // namespace plumb

int main(int argc, char** argv) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (const auto& row : plumb::rows()) {
    plumb::register_row(row, 1);
    if (cores > 1) plumb::register_row(row, cores);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 3;
  benchmark::RunSpecifiedBenchmarks();
}
