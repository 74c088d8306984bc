// Calls through the C ABI to fake kernels: what is refused, what reaches the kernel, and what its exceptions become.
#include "impls/builtin.h"

#include <gtest/gtest.h>

#include <functional>
#include <new>

#include "impls/testing/abi_call.h"
#include "reference/error.h"
#include "reference/ops.h"

namespace plumb {
namespace {

constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 4, 0, 1};

std::int64_t code_of(DType dtype) { return static_cast<std::int64_t>(dtype); }

// Inputs that hold 0, 1, 2, … modulo `modulus`.
Problem counting_problem(std::string_view name, const Sizes& sizes, int modulus) {
  const Op& op = op_named(name);
  Problem problem{make_signature(op, sizes), {}};
  for (const Port& port : op.inputs) {
    Tensor tensor;
    if (is_present(port, problem.signature)) {
      tensor = Tensor(dtype_of(port, op, problem.signature), shape_of(port, problem.signature));
    }
    for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, static_cast<double>(i % modulus));
    problem.inputs.push_back(std::move(tensor));
  }
  return problem;
}

const Sizes kLinear = {{"M", 2}, {"K", 8}, {"N", 3}, {"group", 4}};
const Sizes kEmbedding = {{"M", 2}, {"K", 4}, {"N", 3}, {"group", 2}};

// A linear_q4gsw that counts its calls, and does `body` in each.
struct Fake {
  explicit Fake(std::function<void(const Call&)> body = [](const Call&) {})
      : builtin("fake", "",
                {"linear_q4gsw", kContract,
                 [this, body](const Call& call) {
                   ++prepares;
                   body(call);
                   return std::shared_ptr<void>(this, [this](void*) { ++frees; });
                 },
                 [this, body](const Call& call, void* prepared) {
                   ++runs;
                   prepared_seen = prepared;
                   body(call);
                 }}) {}
  [[nodiscard]] plumb_status prepare(const AbiCall& abi, void** prepared) const {
    return builtin.abi()->prepare(builtin.abi(), &abi.call, prepared);
  }
  [[nodiscard]] plumb_status run(const AbiCall& abi, void* prepared) const {
    return builtin.abi()->run(builtin.abi(), &abi.call, prepared);
  }

  int prepares = 0, runs = 0, frees = 0;
  void* prepared_seen = nullptr;
  Builtin builtin;
};

// Runs a pack_uint4 kernel on one byte of output.
plumb_status run_packing(const std::function<void(const Call&)>& body) {
  const Builtin builtin("fake", "", {"pack_uint4", kContract, {}, [body](const Call& call, void*) { body(call); }});
  const AbiCall abi(op_named("pack_uint4"), counting_problem("pack_uint4", {{"n", 2}}, 16), Stage::run);
  return builtin.abi()->run(builtin.abi(), &abi.call, nullptr);
}

TEST(Builtin, FillsTheAbi) {
  const Fake fake;
  const plumb_impl& abi = *fake.builtin.abi();
  EXPECT_EQ(abi.struct_size, sizeof(plumb_impl));
  EXPECT_STREQ(abi.op, "linear_q4gsw");
  EXPECT_STREQ(abi.name, "fake");
  EXPECT_EQ(abi.unavailable, nullptr);
  EXPECT_EQ(abi.contract.chain_extra, 4);
  EXPECT_NE(abi.release, nullptr);
  const Builtin absent("other", "this CPU lacks it", {"pack_uint4", kContract, {}, [](const Call&, void*) {}});
  EXPECT_STREQ(absent.abi()->unavailable, "this CPU lacks it");
  EXPECT_EQ(absent.abi()->prepare, nullptr);
  EXPECT_EQ(absent.abi()->release, nullptr);
}

TEST(Builtin, ExceptionsBecomeStatuses) {
  EXPECT_EQ(run_packing([](const Call&) {}), PLUMB_OK);
  EXPECT_EQ(run_packing([](const Call&) { throw Error("no"); }), PLUMB_BAD_ARGUMENT);
  EXPECT_EQ(run_packing([](const Call&) { throw std::bad_alloc(); }), PLUMB_OUT_OF_MEMORY);
  EXPECT_EQ(run_packing([](const Call&) { throw std::bad_array_new_length(); }), PLUMB_OUT_OF_MEMORY);
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_packing([](const Call&) { throw DeviceError("lost"); }), PLUMB_DEVICE_ERROR);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "fake: lost\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_packing([](const Call&) { throw std::logic_error("oops"); }), PLUMB_INTERNAL_ERROR);
  EXPECT_EQ(run_packing([](const Call&) { throw 7; }), PLUMB_INTERNAL_ERROR);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "fake: internal error: oops\nfake: internal error\n");
}

TEST(Builtin, ExceptionsOfPrepareLeaveNothingPrepared) {
  const Fake fake([](const Call&) { throw std::bad_alloc(); });
  const AbiCall abi(op_named("linear_q4gsw"), counting_problem("linear_q4gsw", kLinear, 16), Stage::prepare);
  void* prepared = nullptr;
  EXPECT_EQ(fake.prepare(abi, &prepared), PLUMB_OUT_OF_MEMORY);
  EXPECT_EQ(prepared, nullptr);
  EXPECT_EQ(fake.prepares, 1);
}

TEST(Builtin, HandsWhatWasPreparedToEachRunAndFreesItOnce) {
  const Fake fake;
  const Problem problem = counting_problem("linear_q4gsw", kLinear, 16);
  const AbiCall prepare(op_named("linear_q4gsw"), problem, Stage::prepare);
  void* prepared = nullptr;
  ASSERT_EQ(fake.prepare(prepare, &prepared), PLUMB_OK);
  const AbiCall run(op_named("linear_q4gsw"), problem, Stage::run);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(fake.run(run, prepared), PLUMB_OK);
    EXPECT_EQ(fake.runs, i);
    EXPECT_EQ(fake.prepared_seen, &fake);
  }
  EXPECT_EQ(fake.frees, 0);
  fake.builtin.abi()->release(fake.builtin.abi(), prepared);
  EXPECT_EQ(fake.frees, 1);
}

TEST(Builtin, RefusesToRunWithoutWhatPrepareMade) {
  const Fake fake;
  const AbiCall run(op_named("linear_q4gsw"), counting_problem("linear_q4gsw", kLinear, 16), Stage::run);
  EXPECT_EQ(fake.run(run, nullptr), PLUMB_BAD_ARGUMENT);
  EXPECT_EQ(fake.runs, 0);
}

struct Spoilt {
  const char* what;
  std::function<void(AbiCall&)> spoil;
};

const Shape kOther = {3, 2};

const Spoilt kSpoilt[] = {
    {"struct_size", [](AbiCall& a) { a.call.struct_size = sizeof(plumb_call) - 1; }},
    {"no struct_size", [](AbiCall& a) { a.call.struct_size = 0; }},
    {"no thread", [](AbiCall& a) { a.call.threads = 0; }},
    {"fewer than no thread", [](AbiCall& a) { a.call.threads = -3; }},
    {"no output", [](AbiCall& a) { a.call.output_count = 0; }},
    {"two outputs", [](AbiCall& a) { a.call.output_count = 2; }},
    {"one input less", [](AbiCall& a) { a.call.input_count = 3; }},
    {"no inputs", [](AbiCall& a) { a.call.input_count = 0; }},
    {"fewer than no inputs", [](AbiCall& a) { a.call.input_count = -1; }},
    {"one parameter less", [](AbiCall& a) { a.call.params = &a.params[1], a.call.param_count -= 1; }},
    {"fewer than no parameters", [](AbiCall& a) { a.call.param_count = -1; }},
    {"unknown parameter", [](AbiCall& a) { a.params[0].name = "gruop"; }},
    {"group of nothing", [](AbiCall& a) { a.params[0].value = 0; }},
    {"group that does not divide K", [](AbiCall& a) { a.params[0].value = 3; }},
    {"bias promised", [](AbiCall& a) { a.params[3].value = 1; }},
    {"unknown element type", [](AbiCall& a) { a.inputs[0].dtype = 99; }},
    {"wrong element type", [](AbiCall& a) { a.inputs[0].dtype = PLUMB_F64; }},
    {"required input absent",
     [](AbiCall& a) {
       a.inputs[0] = {"x", nullptr, nullptr, 0, 0};
     }},
    {"negative rank", [](AbiCall& a) { a.inputs[1].rank = -1; }},
    {"rank without a shape", [](AbiCall& a) { a.inputs[1].shape = nullptr; }},
    {"negative dimension", [](AbiCall& a) { a.shapes[0][0] = -2; }},
    {"dimensions that overflow", [](AbiCall& a) { a.shapes[0][0] = std::int64_t{1} << 62; }},
    {"transposed scales", [](AbiCall& a) { a.shapes[2] = kOther, a.inputs[2].shape = a.shapes[2].data(); }},
    {"weights of another K", [](AbiCall& a) { a.shapes[1][1] = 8; }},
    {"wrong output shape", [](AbiCall& a) { a.outputs[0].shape = kOther.data(); }},
    {"wrong output rank", [](AbiCall& a) { a.outputs[0].rank = 1; }},
    {"wrong output type", [](AbiCall& a) { a.outputs[0].dtype = PLUMB_F16; }},
    {"unknown output type", [](AbiCall& a) { a.outputs[0].dtype = 0; }},
};

TEST(Builtin, RefusesIllegalCallsBeforeTheKernelSeesThem) {
  const Problem problem = counting_problem("linear_q4gsw", kLinear, 16);
  for (const Spoilt& spoilt : kSpoilt) {
    const Fake fake;
    for (const Stage stage : {Stage::prepare, Stage::run}) {
      AbiCall abi(op_named("linear_q4gsw"), problem, stage);
      spoilt.spoil(abi);
      void* prepared = nullptr;
      std::shared_ptr<void> state;
      const plumb_status status = stage == Stage::prepare ? fake.prepare(abi, &prepared) : fake.run(abi, &state);
      EXPECT_EQ(status, PLUMB_BAD_ARGUMENT) << spoilt.what;
      EXPECT_TRUE(abi.is_untouched()) << spoilt.what;
      EXPECT_EQ(prepared, nullptr) << spoilt.what;
    }
    EXPECT_EQ(fake.prepares + fake.runs, 0) << spoilt.what;
  }
}

TEST(Builtin, RefusesMissingData) {
  const Fake fake;
  const Problem problem = counting_problem("linear_q4gsw", kLinear, 16);
  std::shared_ptr<void> state;
  void* prepared = nullptr;
  AbiCall no_weight(op_named("linear_q4gsw"), problem, Stage::prepare);
  no_weight.inputs[1].data = nullptr;
  EXPECT_EQ(fake.prepare(no_weight, &prepared), PLUMB_BAD_ARGUMENT);
  AbiCall no_activation(op_named("linear_q4gsw"), problem, Stage::run);
  no_activation.inputs[0].data = nullptr;
  EXPECT_EQ(fake.run(no_activation, &state), PLUMB_BAD_ARGUMENT);
  EXPECT_TRUE(no_activation.is_untouched());
  AbiCall no_output(op_named("linear_q4gsw"), problem, Stage::run);
  no_output.outputs[0].data = nullptr;
  EXPECT_EQ(fake.run(no_output, &state), PLUMB_BAD_ARGUMENT);
  EXPECT_EQ(fake.prepares + fake.runs, 0);
}

TEST(Builtin, NothingNeedsNoData) {
  Sizes sizes = kLinear;
  sizes["M"] = 0;
  const Fake fake;
  AbiCall abi(op_named("linear_q4gsw"), counting_problem("linear_q4gsw", sizes, 16), Stage::run);
  abi.inputs[0].data = abi.outputs[0].data = nullptr;
  std::shared_ptr<void> state;
  EXPECT_EQ(fake.run(abi, &state), PLUMB_OK);
  EXPECT_EQ(fake.runs, 1);
}

TEST(Builtin, RefusesIndicesOutOfRange) {
  int runs = 0;
  const Builtin builtin("fake", "", {"embedding_q4gsw", kContract, {}, [&](const Call&, void*) { ++runs; }});
  for (const double index : {-1.0, 3.0, 2.0}) {
    Problem problem = counting_problem("embedding_q4gsw", kEmbedding, 3);
    problem.inputs[2].set(1, index);
    const AbiCall abi(op_named("embedding_q4gsw"), problem, Stage::run_without_prepare);
    EXPECT_EQ(builtin.abi()->run(builtin.abi(), &abi.call, nullptr), index == 2 ? PLUMB_OK : PLUMB_BAD_ARGUMENT);
    EXPECT_TRUE(abi.is_untouched());
  }
  EXPECT_EQ(runs, 1);
}

TEST(Call, AnAbsentOptionalInputIsEmpty) {
  for (const std::int64_t bias : {0, 1}) {
    Sizes sizes = kLinear;
    sizes["bias"] = bias;
    const AbiCall abi(op_named("linear_q4gsw"), counting_problem("linear_q4gsw", sizes, 16), Stage::prepare);
    const Call call(op_named("linear_q4gsw"), abi.call);
    EXPECT_EQ(call["bias"], bias);
    EXPECT_EQ(call.input_count(3), 3 * bias);
    EXPECT_EQ(call.input_as_f32(3), (bias == 0 ? std::vector<float>{} : std::vector<float>{0, 1, 2}));
  }
}

TEST(Call, WidensInputsAtAnyAddress) {
  Sizes sizes = kLinear;
  for (const std::size_t misalignment : {0, 1, 2, 3, 7}) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
      sizes["scale"] = code_of(dtype);
      const AbiCall abi(op_named("linear_q4gsw"), counting_problem("linear_q4gsw", sizes, 5), Stage::prepare,
                        misalignment);
      const Call call(op_named("linear_q4gsw"), abi.call);
      EXPECT_EQ(call.input_dtype(2), dtype);
      EXPECT_EQ(call.input_as_f32(2), (std::vector<float>{0, 1, 2, 3, 4, 0}));
      EXPECT_TRUE(call.input_as_f32(0).empty());  // no data during prepare
    }
    for (const DType dtype : {DType::i64, DType::i32}) {
      Sizes lookup = {{"M", 4}, {"K", 4}, {"N", 3}, {"group", 2}, {"index", code_of(dtype)}};
      const AbiCall abi(op_named("embedding_q4gsw"), counting_problem("embedding_q4gsw", lookup, 3), Stage::run,
                        misalignment);
      const Call call(op_named("embedding_q4gsw"), abi.call);
      EXPECT_EQ(call.input_as_i64(2), (std::vector<std::int64_t>{0, 1, 2, 0}));
    }
  }
}

TEST(Call, StoresResultsRoundedToNearestEvenAtAnyAddress) {
  const std::vector<float> values = {1, 0x1.002p0F, 0x1.006p0F, 65520, -0x1p-25F, 0x1.8p-24F};
  const std::vector<double> rounded = {1, 1, 0x1.008p0, std::numeric_limits<double>::infinity(), 0, 0x1p-23};
  for (const std::size_t misalignment : {0, 1, 2}) {
    for (const DType dtype : {DType::f32, DType::f16}) {
      Sizes sizes = kLinear;
      sizes["x"] = code_of(dtype);
      const AbiCall abi(op_named("linear_q4gsw"), counting_problem("linear_q4gsw", sizes, 5), Stage::run, misalignment);
      Call(op_named("linear_q4gsw"), abi.call).store_f32(values);
      for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(abi.result().at(static_cast<std::int64_t>(i)), dtype == DType::f32 ? values[i] : rounded[i]) << i;
      }
      EXPECT_TRUE(abi.end_is_untouched());
    }
  }
}

}  // namespace
}  // namespace plumb
