// Every kernel on every target that runs here, through its ABI, against the oracle.
#include "impls/cpu/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "impls/testing/abi_call.h"
#include "reference/bound.h"
#include "reference/ops.h"

namespace plumb::cpu {
namespace {

std::int64_t code_of(DType dtype) { return static_cast<std::int64_t>(dtype); }

// Bits that depend on a tensor and an element alone.
std::uint64_t bits_at(std::uint64_t tensor, std::uint64_t element) {
  std::uint64_t z = (tensor << 40) + element * 0x9e3779b97f4a7c15;  // splitmix64's finaliser
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

enum class Data { exact, spread };

double value_for(const Port& port, std::uint64_t bits, const Sizes& sizes, Data data) {
  const double unit = static_cast<double>(bits >> 12) * 0x1p-52;  // [0, 1)
  if (!port.high.empty()) {
    const auto low = static_cast<double>(evaluate_formula(port.low, sizes));
    return std::floor(low + unit * (static_cast<double>(evaluate_formula(port.high, sizes)) - low + 1));
  }
  if (port.fill == Fill::integers) return std::floor((unit - 0.5) * 0x1p32);  // any of i32
  // Sums of these are whole multiples of 1/8 and small enough for f16's 11 bits.
  if (data == Data::exact) return port.fill == Fill::scale ? 0.125 : std::floor(unit * 3) - 1;
  return port.fill == Fill::scale ? std::ldexp(unit - 0.3, static_cast<int>(bits % 12) - 14) : 4 * unit - 1.5;
}

Problem problem_of(const Op& op, const Sizes& sizes, Data data) {
  Problem problem{make_signature(op, sizes), {}};
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    Tensor tensor;
    if (is_present(port, problem.signature)) {
      tensor = Tensor(dtype_of(port, op, problem.signature), shape_of(port, problem.signature));
    }
    for (std::int64_t flat = 0; flat < tensor.size(); ++flat) {
      const std::uint64_t bits = bits_at(i, static_cast<std::uint64_t>(flat));
      if (port.fill == Fill::bytes || port.fill == Fill::codes) {
        tensor.bytes()[static_cast<std::size_t>(flat)] = static_cast<std::byte>(bits);
      } else {
        tensor.set(flat, value_for(port, bits, problem.signature.values, data));
      }
    }
    problem.inputs.push_back(std::move(tensor));
  }
  return problem;
}

// A kernel on one target, prepared with the constants of one problem.
class Subject {
 public:
  Subject(const Target& target, MakeKernel make) : builtin_("cpu." + target.name, "", make(target)) {}
  ~Subject() { release(); }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] const Op& op() const { return op_named(builtin_.abi()->op); }

  void prepare(const Problem& problem, std::size_t misalignment = 0) {
    release();
    if (builtin_.abi()->prepare == nullptr) return;
    const AbiCall call(op(), problem, Stage::prepare, misalignment);
    EXPECT_EQ(builtin_.abi()->prepare(builtin_.abi(), &call.call, &prepared_), PLUMB_OK) << builtin_.abi()->name;
  }
  [[nodiscard]] Tensor run(const Problem& problem, int threads = 1, std::size_t misalignment = 0) const {
    AbiCall call(op(), problem, Stage::run, misalignment);
    call.call.threads = threads;
    EXPECT_EQ(builtin_.abi()->run(builtin_.abi(), &call.call, prepared_), PLUMB_OK) << builtin_.abi()->name;
    EXPECT_TRUE(call.end_is_untouched()) << builtin_.abi()->name;
    return call.result();
  }
  [[nodiscard]] Contract contract() const {
    const plumb_contract& c = builtin_.abi()->contract;
    return {static_cast<DType>(c.activation),
            static_cast<DType>(c.weight),
            static_cast<DType>(c.accumulator),
            c.chain_divisor,
            c.chain_extra,
            c.flushes_subnormals != 0,
            c.deterministic != 0};
  }

 private:
  void release() {
    if (prepared_ != nullptr) builtin_.abi()->release(builtin_.abi(), prepared_);
    prepared_ = nullptr;
  }

  Builtin builtin_;
  void* prepared_ = nullptr;
};

void for_each_target(MakeKernel make, const std::function<void(Subject&)>& body) {
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    SCOPED_TRACE("cpu." + target.name);
    Subject subject(target, make);
    body(subject);
  }
}

std::vector<std::byte> bits_of(const Tensor& tensor) { return {tensor.bytes().begin(), tensor.bytes().end()}; }

void expect_right(const Subject& subject, const Problem& problem, const Tensor& got, Data data) {
  const Expected expected = subject.op().evaluate(problem)[0];
  std::vector<double> bound = bounds(subject.op(), problem.signature, subject.contract(), expected);
  if (data == Data::exact) std::ranges::fill(bound, 0);
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool same_special =
        got.at(i) == expected.value[at] || (std::isnan(got.at(i)) && std::isnan(expected.value[at]));
    ASSERT_TRUE(same_special || std::abs(got.at(i) - expected.value[at]) <= bound[at])
        << "element " << i << ": got " << got.at(i) << ", want " << expected.value[at] << ", bound " << bound[at];
  }
}

void expect_right(MakeKernel make, const std::vector<Sizes>& cases) {
  for (const Sizes& sizes : cases) {
    for_each_target(make, [&](Subject& subject) {
      for (const Data data : {Data::exact, Data::spread}) {
        const Problem problem = problem_of(subject.op(), sizes, data);
        subject.prepare(problem);
        const Tensor got = subject.run(problem);
        expect_right(subject, problem, got, data);
        for (const int threads : {2, 3, 7, 64}) EXPECT_EQ(bits_of(subject.run(problem, threads)), bits_of(got));
        subject.prepare(problem, 1);
        EXPECT_EQ(bits_of(subject.run(problem, 3, 1)), bits_of(got));
      }
    });
  }
}

constexpr auto kF16 = DType::f16, kBf16 = DType::bf16;

TEST(CpuKernels, LinearQ4gsw) {
  expect_right(linear_q4gsw, {{{"M", 1}, {"K", 7}, {"N", 1}, {"group", 7}},
                              {{"M", 3}, {"K", 36}, {"N", 33}, {"group", 12}, {"bias", 1}},
                              {{"M", 4}, {"K", 40}, {"N", 15}, {"group", 8}, {"scale", code_of(kF16)}},
                              {{"M", 5}, {"K", 64}, {"N", 31}, {"group", 64}, {"scale", code_of(kBf16)}, {"bias", 1}},
                              {{"M", 6}, {"K", 32}, {"N", 16}, {"group", 4}, {"lead", 2}, {"x", code_of(kF16)}},
                              {{"M", 9}, {"K", 12}, {"N", 65}, {"group", 4}, {"x", code_of(kF16)}, {"bias", 1}},
                              {{"M", 1}, {"K", 256}, {"N", 32}, {"group", 128}, {"lead", 0}},
                              {{"M", 0}, {"K", 8}, {"N", 3}, {"group", 8}}});
}

TEST(CpuKernels, EmbeddingQ4gsw) {
  expect_right(embedding_q4gsw,
               {{{"M", 1}, {"K", 2}, {"N", 1}, {"group", 1}, {"lead", 0}},
                {{"M", 5}, {"K", 34}, {"N", 7}, {"group", 2}, {"index", code_of(DType::i32)}},
                {{"M", 6}, {"K", 66}, {"N", 33}, {"group", 3}, {"linear", 1}, {"lead", 2}},
                {{"M", 8}, {"K", 128}, {"N", 3}, {"group", 64}, {"scale", code_of(kF16)}},
                {{"M", 17}, {"K", 96}, {"N", 16}, {"group", 48}, {"out", code_of(kF16)}, {"linear", 1}},
                {{"M", 3}, {"K", 14}, {"N", 2}, {"group", 7}, {"scale", code_of(kBf16)}, {"lead", 3}},
                {{"M", 0}, {"K", 4}, {"N", 3}, {"group", 4}}});
}

void expect_packs_right(MakeKernel make_pack, MakeKernel make_unpack, std::int64_t per_byte) {
  std::vector<Sizes> pack, unpack;
  for (const std::int64_t bytes : {0, 1, 15, 16, 17, 31, 32, 33, 63, 65, 2049}) {
    pack.push_back({{"n", bytes * per_byte}});
    unpack.push_back({{"n", bytes + 1}});
    unpack.push_back({{"n", bytes}, {"container", code_of(DType::i8)}, {"lead", 2}});
  }
  expect_right(make_pack, pack);
  expect_right(make_unpack, unpack);
}

// Tails of runs and vectors, blocks of one column, blocks of rows, several threads' shares.
std::vector<Sizes> blocked_cases() {
  std::vector<Sizes> cases = {
      {{"M", 0}, {"K", 8}, {"group", 8}},
      {{"M", 1}, {"K", 1}, {"group", 1}, {"lead", 0}},
      {{"M", 6}, {"K", 33}, {"group", 1}, {"rows", 3}},
      {{"M", 4}, {"K", 515}, {"group", 103}, {"rows", 2}, {"lead", 2}},
      {{"M", 17}, {"K", 1203}, {"group", 401}},
  };
  for (Sizes& sizes : cases) sizes.insert({{"quant_min", 0}, {"quant_max", 15}});
  return cases;
}

// The same cases with other element types.
std::vector<Sizes> with_types(std::vector<Sizes> cases, const Sizes& types) {
  for (Sizes& sizes : cases) sizes.insert(types.begin(), types.end());
  return cases;
}

TEST(CpuKernels, QuantizeAffine) {
  expect_right(quantize_affine, blocked_cases());
  expect_right(quantize_affine, with_types(blocked_cases(), {{"x", code_of(kF16)},
                                                             {"scale", code_of(kBf16)},
                                                             {"zp", code_of(DType::i64)},
                                                             {"code", code_of(DType::u8)},
                                                             {"order", 1}}));
  expect_right(quantize_affine,
               with_types(blocked_cases(), {{"x", code_of(kBf16)}, {"scale", code_of(kBf16)}, {"zero_point", 0}}));
}

TEST(CpuKernels, DequantizeAffine) {
  expect_right(dequantize_affine, blocked_cases());
  expect_right(dequantize_affine,
               with_types(blocked_cases(), {{"y", code_of(kBf16)}, {"scale", code_of(kF16)}, {"zp", code_of(kF16)}}));
  expect_right(dequantize_affine, with_types(blocked_cases(), {{"y", code_of(kF16)}, {"zero_point", 0}}));
}

TEST(CpuKernels, Tinygemm) {
  for (const DType type : {DType::f32, kF16, kBf16}) {
    expect_right(quantize_tinygemm, with_types(blocked_cases(), {{"type", code_of(type)}}));
    expect_right(dequantize_tinygemm, with_types(blocked_cases(), {{"type", code_of(type)}}));
  }
}

TEST(CpuKernels, PackAndUnpackUint4) { expect_packs_right(pack_uint4, unpack_uint4, 2); }
TEST(CpuKernels, PackAndUnpackInt4) { expect_packs_right(pack_int4, unpack_int4, 2); }
TEST(CpuKernels, PackAndUnpackUint2) { expect_packs_right(pack_uint2, unpack_uint2, 4); }

TEST(CpuKernels, OnnxPacks) {
  const std::int64_t i8 = code_of(DType::i8);
  expect_right(onnx_pack_4bit, {{{"n", 0}}, {{"n", 2}}, {{"n", 130}, {"container", i8}}, {{"n", 4098}, {"lead", 2}}});
  expect_right(onnx_pack_int4_blocks, {{{"K", 1}, {"N", 1}, {"block", 1}},
                                       {{"K", 9}, {"N", 67}, {"block", 4}, {"container", i8}},
                                       {{"K", 33}, {"N", 16}, {"block", 5}},
                                       {{"K", 261}, {"N", 129}, {"block", 259}, {"container", i8}},
                                       {{"K", 300}, {"N", 3}, {"block", 640}},
                                       {{"K", 0}, {"N", 3}, {"block", 16}},
                                       {{"K", 8}, {"N", 0}, {"block", 16}}});
}

// More than one chunk of packed bytes, so that threads really share the work.
TEST(CpuKernels, PackAndUnpackUint4OfSeveralChunks) {
  expect_right(pack_uint4, {{{"n", 2 * (3 * 65536 + 5)}}});
  expect_right(unpack_uint4, {{{"n", 2 * 65536 + 1}}});
}

TEST(CpuKernels, PackAndUnpackPlainInt32) {
  std::vector<Sizes> cases = {{{"N", 0}, {"K", 16}}, {{"N", 41}, {"K", 8 * 401}}};  // several chunks of packed bytes
  for (const std::int64_t k : {0, 8, 16, 24, 32, 56, 64, 72, 136}) {
    cases.push_back({{"N", 3}, {"K", k}});
    cases.push_back({{"N", 5}, {"K", k}, {"signed", 1}});
  }
  expect_right(pack_plain_int32, cases);
  expect_right(unpack_plain_int32, cases);
}

TEST(CpuKernels, PackAndUnpackPlainInt4) {
  std::vector<Sizes> cases = {{{"N", 0}, {"K", 6}}, {{"N", 41}, {"K", 3206}}};  // several chunks of packed bytes
  for (const std::int64_t k : {0, 2, 4, 14, 16, 18, 30, 34, 62, 66, 126, 130}) {
    cases.push_back({{"N", 1}, {"K", k}, {"container", code_of(DType::u8)}});
    cases.push_back({{"N", 3}, {"K", k}});
  }
  expect_right(pack_plain_int4, cases);
  expect_right(unpack_plain_int4, cases);
}

TEST(CpuKernels, OnePreparedWeightServesAnySequenceOfRows) {
  for_each_target(linear_q4gsw, [](Subject& subject) {
    const auto problem = [&](std::int64_t rows) {
      return problem_of(subject.op(), {{"M", rows}, {"K", 36}, {"N", 33}, {"group", 12}, {"bias", 1}}, Data::spread);
    };
    subject.prepare(problem(1));
    const Tensor first = subject.run(problem(1));
    const Tensor many = subject.run(problem(32), 3);
    EXPECT_EQ(bits_of(subject.run(problem(1))), bits_of(first));
    expect_right(subject, problem(1), first, Data::spread);
    expect_right(subject, problem(32), many, Data::spread);
  });
}

// A row has the same bits whichever rows are computed with it: tiles of four and single rows sum in one order.
TEST(CpuKernels, LinearRowsDoNotDependOnTheirNeighbours) {
  for_each_target(linear_q4gsw, [](Subject& subject) {
    const Problem five = problem_of(subject.op(), {{"M", 5}, {"K", 24}, {"N", 9}, {"group", 8}}, Data::spread);
    subject.prepare(five);
    const Tensor together = subject.run(five);
    for (std::int64_t m = 0; m < 5; ++m) {
      Problem one = problem_of(subject.op(), {{"M", 1}, {"K", 24}, {"N", 9}, {"group", 8}}, Data::spread);
      for (std::int64_t k = 0; k < 24; ++k) one.inputs[0].set(k, five.inputs[0].at(m * 24 + k));
      const Tensor alone = subject.run(one);
      for (std::int64_t n = 0; n < 9; ++n) EXPECT_EQ(alone.at(n), together.at(m * 9 + n)) << m << " " << n;
    }
  });
}

TEST(CpuKernels, NanStaysInItsRow) {
  for_each_target(linear_q4gsw, [](Subject& subject) {
    Problem problem = problem_of(subject.op(), {{"M", 6}, {"K", 36}, {"N", 33}, {"group", 12}}, Data::exact);
    problem.inputs[0].set(2 * 36 + 35, std::nan(""));
    subject.prepare(problem);
    const Tensor got = subject.run(problem);
    for (std::int64_t i = 0; i < got.size(); ++i) EXPECT_EQ(std::isnan(got.at(i)), i / 33 == 2) << i;
  });
}

TEST(CpuKernels, SubnormalsAreKeptAsTheContractSays) {
  for_each_target(embedding_q4gsw, [](Subject& subject) {
    ASSERT_FALSE(subject.contract().flushes_subnormals);
    Problem problem = problem_of(subject.op(), {{"M", 16}, {"K", 64}, {"N", 8}, {"group", 16}}, Data::spread);
    for (std::int64_t i = 0; i < problem.inputs[1].size(); ++i) {
      problem.inputs[1].set(i, std::ldexp(i + 1, -149));
    }
    subject.prepare(problem);
    expect_right(subject, problem, subject.run(problem), Data::exact);
  });
}

TEST(CpuKernels, TableHasOneKernelPerOperator) {
  std::set<std::string> ops;
  for (const MakeKernel make : kKernels) EXPECT_TRUE(ops.insert(make(compiled_targets().back()).op).second);
  for (const Op& op : all_ops()) EXPECT_TRUE(ops.contains(op.name)) << op.name;
}

}  // namespace
}  // namespace plumb::cpu
