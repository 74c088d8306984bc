#include "reference/op.h"

#include <gtest/gtest.h>

#include "reference/error.h"
#include "reference/ops.h"
#include "reference/testing/error_of.h"

namespace plumb {
namespace {

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

Offer offer(DType dtype, Shape shape) { return {true, dtype, std::move(shape)}; }
constexpr Offer kAbsent{false, DType::u8, {}};

// M = 3, K = 36, N = 5, group = 12 without bias; each test spoils one thing.
std::vector<Offer> linear_offers() {
  return {offer(DType::f32, {3, 36}), offer(DType::u8, {5, 20}), offer(DType::f16, {3, 5}), kAbsent};
}
const Sizes kLinearParams = {{"group", 12}};

// N = 3, K = 4, two indices.
std::vector<Offer> embedding_offers() {
  return {offer(DType::u8, {3, 2}), offer(DType::f32, {3, 2}), offer(DType::i64, {2})};
}
const Sizes kEmbeddingParams = {{"group", 2}};

std::string linear_message(std::size_t input, const Offer& spoilt, const Sizes& params = kLinearParams) {
  std::vector<Offer> offers = linear_offers();
  offers.at(input) = spoilt;
  return error_of([&] { (void)infer_signature(op_named("linear_q4gsw"), offers, params); });
}

std::string linear_message(const Sizes& params) { return linear_message(3, kAbsent, params); }

std::string embedding_message(std::size_t input, const Offer& spoilt) {
  std::vector<Offer> offers = embedding_offers();
  offers.at(input) = spoilt;
  return error_of([&] { (void)infer_signature(op_named("embedding_q4gsw"), offers, kEmbeddingParams); });
}

TEST(InferSignature, FindsSizesTypesAndDefaults) {
  const Signature s = infer_signature(op_named("linear_q4gsw"), linear_offers(), kLinearParams);
  EXPECT_EQ(s["M"], 3);
  EXPECT_EQ(s["K"], 36);
  EXPECT_EQ(s["N"], 5);
  EXPECT_EQ(s["group"], 12);
  EXPECT_EQ(s["bias"], 0);
  EXPECT_EQ(s["lead"], 1);
  EXPECT_EQ(s["x"], static_cast<std::int64_t>(DType::f32));
  EXPECT_EQ(s["scale"], static_cast<std::int64_t>(DType::f16));
  EXPECT_EQ(s.leading.at("M"), Shape{3});
}

TEST(InferSignature, LeadingDimensionsOfAnyRank) {
  const Op& op = op_named("linear_q4gsw");
  std::vector<Offer> offers = linear_offers();
  for (const Shape& lead : {Shape{}, Shape{1}, Shape{2, 3}, Shape{2, 1, 4}, Shape{0}}) {
    offers[0].shape = lead;
    offers[0].shape.push_back(36);
    const Signature s = infer_signature(op, offers, kLinearParams);
    EXPECT_EQ(s["M"], element_count(lead));
    EXPECT_EQ(s["lead"], static_cast<std::int64_t>(lead.size()));
    Shape y = lead;
    y.push_back(5);
    EXPECT_EQ(shape_of(op.outputs[0], s), y);
  }
}

TEST(InferSignature, ASizeFromHalfADimension) {
  const Op& op = op_named("embedding_q4gsw");
  const Signature s = infer_signature(op, embedding_offers(), kEmbeddingParams);
  EXPECT_EQ(s["K"], 4);
  EXPECT_EQ(s["M"], 2);
  EXPECT_EQ(embedding_message(0, offer(DType::u8, {1, kHuge})),
            "embedding_q4gsw: size K: 4611686018427387904 times 2 overflows");
}

// unpack_uintx: "n/2 * (bits / 4)" tells n where it is not zero; a shard that n and bits do not make is refused.
TEST(InferSignature, ASizeFromADimensionThatAParameterScales) {
  const Op& op = op_named("unpack_uintx");
  const auto n_of = [&](const Shape& shard4, const Shape& shard2, const Shape& shard1, std::int64_t bits) {
    const std::vector<Offer> offers = {{true, DType::u8, shard4}, {true, DType::u8, shard2}, {true, DType::u8, shard1}};
    return infer_signature(op, offers, {{"bits", bits}})["n"];
  };
  EXPECT_EQ(n_of({1, 12, 5}, {1, 0, 5}, {1, 3, 5}, 5), 24);
  EXPECT_EQ(n_of({1, 0, 5}, {1, 0, 5}, {1, 3, 5}, 1), 24);
  EXPECT_EQ(n_of({1, 0, 5}, {1, 0, 5}, {1, 0, 5}, 7), 0);
  EXPECT_THROW((void)n_of({1, 12, 5}, {1, 0, 5}, {1, 4, 5}, 5), Error);
  EXPECT_THROW((void)n_of({1, 0, 5}, {1, 1, 5}, {1, 3, 5}, 1), Error);
  EXPECT_THROW((void)n_of({1, INT64_MAX / 8, 0}, {1, 0, 0}, {1, 0, 0}, 4), Error);
}

TEST(InferSignature, OptionalInputSetsItsFlag) {
  EXPECT_EQ(linear_message(3, offer(DType::f32, {5})), "");
  EXPECT_EQ(linear_message(3, offer(DType::f32, {5}), {{"group", 12}, {"bias", 1}}), "");
  EXPECT_EQ(linear_message(3, offer(DType::f32, {5}), {{"group", 12}, {"bias", 0}}),
            "linear_q4gsw: bias: expected bias = 0, got 1");
  EXPECT_EQ(linear_message({{"group", 12}, {"bias", 1}}), "linear_q4gsw: bias: expected bias = 1, got 0");
}

TEST(InferSignature, RefusesNumberAndPresenceOfInputs) {
  const std::vector<Offer> offers = linear_offers();
  EXPECT_EQ(
      error_of([&] { (void)infer_signature(op_named("linear_q4gsw"), std::span(offers).first(3), kLinearParams); }),
      "linear_q4gsw: expected 4 inputs, got 3");
  EXPECT_EQ(linear_message(1, kAbsent), "linear_q4gsw: weights: expected a tensor, got none");
}

TEST(InferSignature, RefusesElementTypes) {
  EXPECT_EQ(linear_message(1, offer(DType::i8, {5, 20})), "linear_q4gsw: weights: expected u8, got i8");
  EXPECT_EQ(linear_message(0, offer(DType::bf16, {3, 36})), "linear_q4gsw: x: expected f32 or f16, got bf16");
  EXPECT_EQ(linear_message(3, offer(DType::f16, {5})), "linear_q4gsw: bias: expected f32, got f16");
  const Sizes declared = {{"group", 12}, {"x", static_cast<std::int64_t>(DType::f16)}};
  EXPECT_EQ(linear_message(declared), "linear_q4gsw: x: expected x = f16, got f32");
  EXPECT_EQ(linear_message({{"group", 12}, {"x", 99}}), "linear_q4gsw: x: expected x = 99, got f32");
}

TEST(InferSignature, RefusesRanks) {
  EXPECT_EQ(linear_message(1, offer(DType::u8, {100})),
            "linear_q4gsw: weights: expected shape [N, ceil_to(K, 8)/2], got [100]");
  EXPECT_EQ(linear_message(1, offer(DType::u8, {1, 5, 20})),
            "linear_q4gsw: weights: expected shape [N, ceil_to(K, 8)/2], got [1, 5, 20]");
  EXPECT_EQ(linear_message(0, offer(DType::f32, {})), "linear_q4gsw: x: expected shape [M..., K], got []");
}

TEST(InferSignature, RefusesShapesAndHintsAtTransposedOnes) {
  EXPECT_EQ(linear_message(2, offer(DType::f16, {5, 3})),
            "linear_q4gsw: weight_scales: expected [K/group, N] = [3, 5], got [5, 3]; transposed?");
  EXPECT_EQ(linear_message(2, offer(DType::f16, {2, 5})),
            "linear_q4gsw: weight_scales: expected [K/group, N] = [3, 5], got [2, 5]");
  EXPECT_EQ(linear_message(1, offer(DType::u8, {5, 18})),  // 36 columns without padding
            "linear_q4gsw: weights: expected [N, ceil_to(K, 8)/2] = [5, 20], got [5, 18]");
  EXPECT_EQ(linear_message(3, offer(DType::f32, {6})), "linear_q4gsw: bias: expected [N] = [5], got [6]");
}

TEST(InferSignature, AnAlternativeShapeIsAcceptedWhereItHasAsManyElements) {
  std::vector<Offer> offers = {offer(DType::u8, {1, 2}), offer(DType::f32, {1}), offer(DType::i64, {2})};
  const Op& op = op_named("embedding_q4gsw");
  EXPECT_EQ(error_of([&] { (void)infer_signature(op, offers, {{"group", 4}}); }), "");
  offers[1].shape = {1, 1};
  EXPECT_EQ(error_of([&] { (void)infer_signature(op, offers, {{"group", 4}}); }), "");
  for (const Shape& shape : {Shape{1}, Shape{6}, Shape{}, Shape{3, 2, 1}}) {
    EXPECT_NE(embedding_message(1, offer(DType::f32, shape)), "") << to_string(shape);
  }
  for (const Shape& shape : {Shape{}, Shape{1, 1, 1}, Shape{2}}) {
    offers[1].shape = shape;
    EXPECT_NE(error_of([&] { (void)infer_signature(op, offers, {{"group", 4}}); }), "") << to_string(shape);
  }
}

TEST(InferSignature, OnesAreDroppedWhereTheAlternativeShapeHasThem) {
  const Op& op = op_named("pack_q4gsw");
  const auto infer = [&](Shape shape, const Sizes& params = {}) {
    const Offer codes = offer(DType::i8, std::move(shape));
    return infer_signature(op, std::span(&codes, 1), params);
  };
  for (const Shape& shape : {Shape{3, 8}, Shape{1, 3, 1, 8}, Shape{3, 8, 1, 1}}) {
    EXPECT_EQ(infer(shape)["N"], 3) << to_string(shape);
    EXPECT_EQ(infer(shape)["K"], 8) << to_string(shape);
  }
  EXPECT_EQ(infer({1, 8})["N"], 1);
  EXPECT_EQ(error_of([&] { (void)infer({1, 1, 8}); }), "pack_q4gsw: codes: expected shape [N, K], got [8]");
  EXPECT_NE(error_of([&] { (void)infer({24}, {{"N", 3}, {"K", 8}}); }), "");
  EXPECT_NE(error_of([&] { (void)infer({2, 12}, {{"N", 3}, {"K", 8}}); }), "");
}

TEST(InferSignature, RefusesParameters) {
  EXPECT_EQ(linear_message({}), "linear_q4gsw: parameter 'group' (elements of K that share a scale) is missing");
  EXPECT_EQ(linear_message({{"group", 12}, {"gruop", 4}}),
            "linear_q4gsw: 'gruop' is not one of its sizes and parameters: M, K, N, group, x, scale, bias, lead");
  EXPECT_EQ(linear_message({{"group", 8}}), "linear_q4gsw: expected K % group == 0 (groups divide the reduction)");
  EXPECT_EQ(linear_message({{"group", 0}}), "linear_q4gsw: expected group >= 1 (a group has at least one element)");
  EXPECT_EQ(linear_message({{"group", INT64_MIN}}),
            "linear_q4gsw: expected group >= 1 (a group has at least one element)");
  EXPECT_EQ(linear_message({{"group", 12}, {"M", 4}}), "linear_q4gsw: x: expected M = 4, got 3");
  EXPECT_EQ(linear_message({{"group", 12}, {"lead", 2}}), "linear_q4gsw: x: expected lead = 2, got 1");
  EXPECT_EQ(error_of([] {
              (void)infer_signature(op_named("embedding_q4gsw"), embedding_offers(), {{"group", 2}, {"linear", 2}});
            }),
            "embedding_q4gsw: parameter 'linear': expected 0 or 1, got 2");
}

TEST(InferSignature, RefusesSizes) {
  EXPECT_EQ(linear_message(1, offer(DType::u8, {-5, 20})), "linear_q4gsw: size N: expected >= 0, got -5");
  EXPECT_EQ(linear_message(1, offer(DType::u8, {0, 20})),
            "linear_q4gsw: expected K >= 1 && N >= 1 (there is something to multiply)");
}

TEST(MakeSignature, FillsInDefaultsAndSplitsLeadingDimensions) {
  const Op& op = op_named("linear_q4gsw");
  const auto split = [&](std::int64_t rows, std::int64_t lead) {
    return make_signature(op, {{"M", rows}, {"K", 8}, {"N", 1}, {"group", 8}, {"lead", lead}}).leading.at("M");
  };
  EXPECT_EQ(split(6, 1), Shape{6});
  EXPECT_EQ(split(6, 2), (Shape{2, 3}));
  EXPECT_EQ(split(7, 2), (Shape{1, 7}));
  EXPECT_EQ(split(12, 3), (Shape{2, 2, 3}));
  EXPECT_EQ(split(9, 3), (Shape{3, 1, 3}));
  EXPECT_EQ(split(0, 2), (Shape{1, 0}));
  EXPECT_EQ(split(1, 0), Shape{});
  const Signature s = make_signature(op, {{"M", 2}, {"K", 8}, {"N", 1}, {"group", 4}});
  EXPECT_EQ(s["scale"], static_cast<std::int64_t>(DType::f32));
  EXPECT_EQ(s["bias"], 0);
  EXPECT_EQ(s["lead"], 1);
}

TEST(MakeSignature, Refuses) {
  const auto message = [](const Sizes& sizes) {
    Sizes all = {{"M", 2}, {"K", 8}, {"N", 1}, {"group", 4}};
    for (const auto& [name, value] : sizes) all[name] = value;
    return error_of([&] { (void)make_signature(op_named("linear_q4gsw"), all); });
  };
  EXPECT_EQ(message({{"M", -1}}), "linear_q4gsw: size M: expected >= 0, got -1");
  EXPECT_EQ(message({{"group", 3}}), "linear_q4gsw: expected K % group == 0 (groups divide the reduction)");
  EXPECT_EQ(message({{"bias", 2}}), "linear_q4gsw: parameter 'bias': expected 0 or 1, got 2");
  EXPECT_EQ(message({{"scale", 1}}), "linear_q4gsw: parameter 'scale': expected f32 or f16 or bf16, got u8");
  EXPECT_EQ(message({{"lead", 9}}), "linear_q4gsw: parameter 'lead': expected 0 to 8, got 9");
  EXPECT_EQ(message({{"lead", 0}}), "linear_q4gsw: parameter 'lead' = 0 means one element, so the size must be 1");
  EXPECT_EQ(message({{"Q", 0}}),
            "linear_q4gsw: 'Q' is not one of its sizes and parameters: M, K, N, group, x, scale, bias, lead");
  EXPECT_EQ(error_of([] {
              (void)make_signature(op_named("linear_q4gsw"), {{"M", 1}, {"K", 8}, {"group", 8}});
            }),
            "linear_q4gsw: size N (outputs) is missing");
}

Shape plausible_shape(const Op& op, std::span<const Offer> offers, const Sizes& params) {
  return plausible_output_forms(op, offers, params).at(0).shape;
}

TEST(PlausibleOutputForms, TheFormulaAsFarAsItGoes) {
  const Op& op = op_named("linear_q4gsw");
  std::vector<Offer> offers = linear_offers();
  EXPECT_EQ(plausible_shape(op, offers, kLinearParams), (Shape{3, 5}));
  EXPECT_EQ(plausible_shape(op, offers, {}), (Shape{3, 5}));  // no group
  offers[2] = offer(DType::i64, {7, 7, 7});
  EXPECT_EQ(plausible_shape(op, offers, kLinearParams), (Shape{3, 5}));
  offers[1].shape = {100};  // N is unknown
  EXPECT_EQ(plausible_shape(op, offers, kLinearParams), (Shape{3, 36}));
  EXPECT_EQ(plausible_shape(op, std::span(offers).first(2), kLinearParams), (Shape{3, 36}));
  EXPECT_EQ(plausible_shape(op, {}, {}), Shape{});
}

TEST(Op, LooksUpItsParts) {
  const Op& op = op_named("linear_q4gsw");
  EXPECT_EQ(op.input_index("weight_scales"), 2U);
  EXPECT_EQ(error_of([&] { (void)op.input_index("scales"); }), "linear_q4gsw: there is no input 'scales'");
  EXPECT_EQ(op.param("group")->name, "group");
  EXPECT_EQ(op.param("K"), nullptr);
  EXPECT_EQ(op.size("K")->meaning, "reduction");
  EXPECT_EQ(op.size("group"), nullptr);
  EXPECT_TRUE(op.has_constants());
  EXPECT_FALSE(op_named("pack_uint4").has_constants());
}

TEST(Op, LegalityIsThatOfItsConstraints) {
  const Op& op = op_named("linear_q4gsw");
  EXPECT_TRUE(is_legal(op, {{"K", 8}, {"N", 1}, {"group", 4}}));
  EXPECT_FALSE(is_legal(op, {{"K", 8}, {"N", 1}, {"group", 3}}));
  EXPECT_FALSE(is_legal(op, {{"K", 8}, {"N", 0}, {"group", 4}}));
  EXPECT_FALSE(is_legal(op, {{"K", 8}, {"N", 1}, {"group", 0}}));
}

TEST(Port, FactsUnderASignature) {
  const Op& op = op_named("linear_q4gsw");
  const auto f16 = static_cast<std::int64_t>(DType::f16);
  const Signature s =
      make_signature(op, {{"M", 6}, {"K", 36}, {"N", 5}, {"group", 12}, {"lead", 2}, {"bias", 1}, {"x", f16}});
  EXPECT_EQ(shape_of(op.inputs[0], s), (Shape{2, 3, 36}));
  EXPECT_EQ(shape_of(op.inputs[1], s), (Shape{5, 20}));
  EXPECT_EQ(shape_of(op.inputs[2], s), (Shape{3, 5}));
  EXPECT_EQ(axis_names(op.outputs[0], s), (std::vector<std::string>{"M[0]", "M[1]", "N"}));
  EXPECT_EQ(axis_names(op.inputs[1], s), (std::vector<std::string>{"N", "ceil_to(K, 8)/2"}));
  EXPECT_EQ(dtype_of(op.outputs[0], op, s), DType::f16);
  EXPECT_EQ(dtype_of(op.inputs[1], op, s), DType::u8);
  EXPECT_TRUE(is_present(op.inputs[3], s));
  EXPECT_EQ(layout_of(op.inputs[1], s).name, "et_vk.q4gsw");
  EXPECT_EQ(extent_of(s), (Extent{5, 36}));
}

TEST(Port, AFlagChoosesTheLayout) {
  const Op& op = op_named("embedding_q4gsw");
  Sizes sizes = {{"M", 1}, {"K", 4}, {"N", 3}, {"group", 2}};
  EXPECT_EQ(layout_of(op.inputs[0], make_signature(op, sizes)).name, "et_vk.q4_even_high");
  sizes["linear"] = 1;
  EXPECT_EQ(layout_of(op.inputs[0], make_signature(op, sizes)).name, "et_vk.q4_even_low");
}

TEST(CheckIndices, NamesTheFirstOneOutOfRange) {
  const Op& op = op_named("embedding_q4gsw");
  Problem problem{make_signature(op, {{"M", 6}, {"K", 4}, {"N", 3}, {"group", 2}, {"lead", 2}}), {}};
  problem.inputs = {{}, {}, Tensor(DType::i64, {2, 3})};
  const auto message = [&](double index) {
    problem.inputs[2].set(4, index);
    return error_of([&] { check_values(op, problem); });
  };
  EXPECT_EQ(message(0), "");
  EXPECT_EQ(message(2), "");
  EXPECT_EQ(message(3), "embedding_q4gsw: indices[1, 1]: expected a value in [0, 2], got 3");
  EXPECT_EQ(message(-1), "embedding_q4gsw: indices[1, 1]: expected a value in [0, 2], got -1");
}

}  // namespace
}  // namespace plumb
