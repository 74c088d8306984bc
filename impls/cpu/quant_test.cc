// Packs and quantisers on every target that runs here, through their ABI, against the oracle.
#include "impls/cpu/kernels_under_test.h"
#include "impls/testing/requant_edges.h"

namespace plumb::cpu {
namespace {

constexpr auto kF16 = DType::f16, kBf16 = DType::bf16;

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

// Per token, and scales of every size.
TEST(CpuKernels, AffineWithScalesInF64) {
  const std::int64_t f64 = code_of(DType::f64);
  for (const std::int64_t order : {0, 1}) {
    expect_right(quantize_affine, with_types(blocked_cases(), {{"scale", f64}, {"order", order}}));
    expect_right(quantize_affine,
                 with_types(blocked_cases(), {{"x", code_of(kBf16)}, {"scale", f64}, {"order", order}}));
  }
  expect_right(quantize_affine, with_types(blocked_cases(), {{"scale", f64}, {"zero_point", 0}}));
  for (const DType type : {DType::f32, kF16, kBf16}) {
    expect_right(dequantize_affine, with_types(blocked_cases(), {{"scale", f64}, {"y", code_of(type)}}));
    expect_right(dequantize_affine,
                 with_types(blocked_cases(), {{"scale", f64}, {"y", code_of(type)}, {"zero_point", 0}}));
  }
}

TEST(CpuKernels, DequantizeAffine) {
  expect_right(dequantize_affine, blocked_cases());
  expect_right(dequantize_affine,
               with_types(blocked_cases(), {{"y", code_of(kBf16)}, {"scale", code_of(kF16)}, {"zp", code_of(kF16)}}));
  expect_right(dequantize_affine, with_types(blocked_cases(), {{"y", code_of(kF16)}, {"zero_point", 0}}));
}

TEST(CpuKernels, QuantisersOfSeveralSteps) {
  const std::int64_t f16 = code_of(kF16), bf16 = code_of(kBf16);
  expect_right(fake_quantize_per_token, {{{"M", 1}, {"K", 1}},
                                         {{"M", 3}, {"K", 515}, {"x", f16}, {"scale", bf16}, {"zp", f16}},
                                         {{"M", 6}, {"K", 33}, {"lead", 2}, {"x", bf16}, {"eps", 1}}});
  expect_right(quantize_plain_int32,
               {{{"N", 1}, {"K", 8}, {"group", 8}}, {{"N", 17}, {"K", 72}, {"group", 9}, {"w", f16}}});
  expect_right(quantize_plain_int32_npu, {{{"N", 5}, {"K", 96}, {"group", 32}, {"w", f16}}});
  expect_right(embedding_4bit, {{{"M", 0}, {"N", 1}, {"K", 2}, {"group", 2}},
                                {{"M", 5}, {"N", 3}, {"K", 66}, {"group", 33}, {"scale", f16}},
                                {{"M", 6}, {"N", 4}, {"K", 130}, {"group", 65}, {"lead", 2}, {"zero_point", 0}}});
}

TEST(CpuKernels, SliceGroups) {
  const Sizes part = {{"N", 9}, {"K", 66}, {"block", 33}, {"first_row", 2}, {"rows", 5}};
  std::vector<Sizes> cases = with_types({part, part, part}, {{"scale", code_of(kF16)}});
  for (std::size_t i = 0; i < 3; ++i) {
    cases[i].insert({{"first_column", i == 1 ? 33 : 0}, {"columns", i == 0 ? 66 : 33 * (2 - static_cast<int>(i))}});
  }
  expect_right(slice_groups, cases);
}

TEST(CpuKernels, Tinygemm) {
  for (const DType type : {DType::f32, kF16, kBf16}) {
    expect_right(quantize_tinygemm, with_types(blocked_cases(), {{"type", code_of(type)}}));
    expect_right(dequantize_tinygemm, with_types(blocked_cases(), {{"type", code_of(type)}}));
  }
}

// Codes of one byte in groups of whole vectors, with values, scales and zero points of one type.
TEST(CpuKernels, AffineStraightFromTensorToTensor) {
  for (const DType type : {DType::f32, kF16, kBf16}) {
    for (const DType code : {DType::i8, DType::u8}) {
      const std::int64_t low = code == DType::i8 ? -128 : 0;
      const Sizes types = {
          {"scale", code_of(type)}, {"code", code_of(code)}, {"quant_min", low}, {"quant_max", low + 255}};
      const auto cases = with_types({{{"M", 66}, {"K", 96}, {"group", 48}, {"rows", 3}},
                                     {{"M", 3}, {"K", 1024}, {"group", 512}},
                                     {{"M", 70}, {"K", 32}, {"group", 16}}},
                                    types);
      for (const std::int64_t order : {0, 1}) {
        expect_right(quantize_affine,
                     with_types(cases, {{"x", code_of(type)}, {"zp", code_of(type)}, {"order", order}}));
      }
      expect_right(quantize_affine, with_types(cases, {{"x", code_of(type)}, {"zero_point", 0}}));
      expect_right(dequantize_affine, with_types(cases, {{"y", code_of(type)}, {"zp", code_of(type)}}));
      expect_right(dequantize_affine, with_types(cases, {{"y", code_of(type)}, {"zero_point", 0}}));
      const Sizes tinygemm = {{"type", code_of(type)}, {"code", code_of(code)}, {"quant_min", 0}, {"quant_max", 15}};
      const auto tinygemm_cases =
          with_types({{{"M", 66}, {"K", 96}, {"group", 48}}, {{"M", 3}, {"K", 1024}, {"group", 512}}}, tinygemm);
      expect_right(quantize_tinygemm, tinygemm_cases);
      expect_right(dequantize_tinygemm, tinygemm_cases);
    }
  }
}

// Sixteen codes, whose values are looked up, and others among them, whose are not.
TEST(CpuKernels, AffineOfFewCodes) {
  for (const DType code : {DType::i8, DType::u8}) {
    for (const DType type : {DType::f32, kF16, kBf16}) {
      const std::int64_t low = code == DType::i8 ? -8 : 3, t = code_of(type);
      const Sizes sizes = {{"M", 2}, {"K", 192}, {"group", 96}, {"quant_min", low}, {"quant_max", low + 15}};
      const std::pair<MakeKernel, Sizes> kernels[] = {{dequantize_affine, {{"scale", t}, {"y", t}}},
                                                      {dequantize_tinygemm, {{"type", t}}}};
      for (const auto& [make, types] : kernels) {
        Sizes all = with_types({sizes}, types)[0];
        all["code"] = code_of(code);
        for_each_target(make, [&](Subject& subject) {
          Problem problem = problem_of(subject.op(), all, Data::spread);
          Tensor& codes = problem.inputs[0];
          for (std::int64_t i = 0; i < codes.size(); ++i) codes.set(i, static_cast<double>(low + i * 7 % 16));
          expect_right(subject, problem, subject.run(problem), Data::spread);
          codes.set(150, static_cast<double>(low + 16));
          expect_right(subject, problem, subject.run(problem), Data::spread);
        });
      }
    }
  }
}

TEST(CpuKernels, QuantizePlainInt4) {
  std::vector<Sizes> cases = {{{"N", 300}, {"K", 130}, {"group", 32}}};  // several chunks
  for (const DType type : {DType::f32, kF16, kBf16}) {
    for (const std::int64_t symmetric : {0, 1}) {
      for (const auto& [k, group] : {std::pair{1, 2}, {33, 7}, {1203, 1024}, {66, 66}}) {
        cases.push_back({{"N", 5}, {"K", k}, {"group", group}, {"symmetric", symmetric}, {"x", code_of(type)}});
      }
    }
  }
  expect_right(quantize_plain_int4, cases);
}

TEST(CpuKernels, HalfQuadratic) {
  std::vector<Sizes> with_zeros, scale_only;
  for (const DType type : {DType::f32, kF16, kBf16}) {
    for (const auto& [n, k, group] : {std::tuple{1, 1, 1}, {3, 33, 11}, {5, 66, 33}, {16, 64, 64}, {4, 48, 16}}) {
      const Sizes sizes = {{"N", n}, {"K", k}, {"group", group}, {"x", code_of(type)}};
      scale_only.push_back(sizes);
      with_zeros.push_back(sizes);
      with_zeros.back().insert({{"axis", 0}, {"bits", 2}, {"param", code_of(type)}});
      with_zeros.push_back(sizes);
      with_zeros.back().insert({{"optimize", 0}, {"bits", 8}, {"param", code_of(kBf16)}});
    }
  }
  with_zeros.push_back({{"N", 2}, {"K", 33}, {"group", 6}});  // groups go on in the next row
  with_zeros.push_back({{"N", 2}, {"K", 33}, {"group", 11}, {"raw", 1}, {"bits", 3}});
  expect_right(quantize_hqq, with_zeros);
  expect_right(quantize_hqq_scale_only, scale_only);
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

TEST(CpuKernels, PackAndUnpackQ4gsw) {
  std::vector<Sizes> pack, unpack;
  for (const DType code : {DType::i8, DType::u8, DType::i32, DType::i64}) {
    for (const std::int64_t k : {1, 2, 15, 31, 64, 129, 258}) {
      for (const std::int64_t padding : {0, 8, 32}) {
        if (padding == 0 && k % 2 != 0) continue;
        pack.push_back({{"N", 3}, {"K", k}, {"padding", padding}, {"code", code_of(code)}});
      }
    }
  }
  pack.push_back({{"N", 700}, {"K", 130}});  // several chunks of rows
  for (const std::int64_t columns : {0, 1, 2, 31, 64, 129, 258}) {
    unpack.push_back({{"N", 3}, {"row_bytes", 129}, {"columns", columns}});
  }
  unpack.push_back({{"N", 700}, {"row_bytes", 68}, {"columns", 135}});
  unpack.push_back({{"N", 0}, {"row_bytes", 4}, {"columns", 7}});
  expect_right(pack_q4gsw, pack);
  expect_right(unpack_q4gsw, unpack);
}

TEST(CpuKernels, GroupSums) {
  expect_right(group_sums, {{{"N", 1}, {"K", 1}, {"group", 1}},
                            {{"N", 7}, {"K", 12}, {"group", 3}},
                            {{"N", 17}, {"K", 66}, {"group", 33}},
                            {{"N", 33}, {"K", 256}, {"group", 64}},
                            {{"N", 700}, {"K", 264}, {"group", 132}},
                            {{"N", 19}, {"K", 260}, {"group", 2}},
                            {{"N", 0}, {"K", 8}, {"group", 4}},
                            {{"N", 3}, {"K", 0}, {"group", 4}}});
}

TEST(CpuKernels, AlignedRows) {
  std::vector<Sizes> align, transpose;
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    for (const std::int64_t k : {1, 4, 15, 33, 130}) {
      align.push_back({{"M", 6}, {"K", k}, {"align", 8}, {"lead", 2}, {"x", code_of(dtype)}});
      for (const std::int64_t n : {1, 3, 4, 9, 34}) {
        transpose.push_back({{"N", n}, {"G", k}, {"align", 3}, {"scale", code_of(dtype)}});
      }
    }
  }
  align.push_back({{"M", 1}, {"K", 5}, {"lead", 0}});
  align.push_back({{"M", 3}, {"K", 70001}});
  transpose.push_back({{"N", 3001}, {"G", 16}});
  transpose.push_back({{"N", 0}, {"G", 2}});
  expect_right(align_width, align);
  expect_right(transpose_scales_aligned, transpose);
}

TEST(CpuKernels, RepackEmbedding) {
  std::vector<Sizes> cases;
  for (const std::int64_t k : {0, 2, 30, 66, 258}) cases.push_back({{"N", 3}, {"K", k}, {"to", k % 4 / 2}});
  cases.push_back({{"N", 130}, {"K", 1026}});
  expect_right(repack_embedding, cases);
}

TEST(CpuKernels, WeightBlocks) {
  std::vector<Sizes> linear, w_4x8, bytes, transposed;
  for (const std::int64_t n : {1, 5, 8, 13, 16}) {
    for (const std::int64_t k : {8, 64, 136, 264}) {  // tiles are 256 columns of nibbles, 128 of bytes
      linear.push_back({{"N", n}, {"K", k}});
      w_4x8.push_back({{"N", n}, {"K", k}, {"order", n % 2}});
      bytes.push_back({{"N", n}, {"K", k}});
      transposed.push_back({{"N", 8 * n}, {"K", k + 2}});
    }
  }
  const Sizes many = {{"N", 136}, {"K", 2048}};  // more tiles than one thread takes at once
  for (auto* cases : {&linear, &w_4x8, &bytes, &transposed}) {
    cases->push_back(many);
    cases->push_back({{"N", 0}, {"K", 8}});
    cases->push_back({{"N", 8}, {"K", 0}});
  }
  transposed.push_back({{"N", 264}, {"K", 8194}});  // a second tile of blocks, written past the caches
  expect_right(pack_q4_linear_weight, linear);
  expect_right(pack_w_4x8, w_4x8);
  expect_right(pack_q8_linear_weight, bytes);
  expect_right(pack_int4_transposed, transposed);
}

TEST(CpuKernels, PackAndUnpackUintx) {
  std::vector<Sizes> cases;
  for (std::int64_t bits = 1; bits <= 7; ++bits) {
    cases.push_back({{"outer", 1}, {"n", 8}, {"inner", 1}, {"bits", bits}});
    cases.push_back({{"outer", 3}, {"n", 72}, {"inner", 7}, {"bits", bits}});
    cases.push_back({{"outer", 70}, {"n", 264}, {"inner", 5}, {"bits", bits}});  // several chunks
    cases.push_back({{"outer", 2}, {"n", 8}, {"inner", 5001}, {"bits", bits}});  // several slices
    cases.push_back({{"outer", 0}, {"n", 16}, {"inner", 2}, {"bits", bits}});
    cases.push_back({{"outer", 2}, {"n", 0}, {"inner", 2}, {"bits", bits}});
  }
  expect_right(pack_uintx, cases);
  expect_right(unpack_uintx, cases);
}

TEST(CpuKernels, PackAndUnpackAtenInt4) {
  std::vector<Sizes> cases;
  for (std::int64_t isa = 0; isa < 3; ++isa) {
    for (const std::int64_t n : {16, 32, 48, 64, 80, 112, 240}) {
      for (const std::int64_t k : {2, 14, 16, 34, 130}) cases.push_back({{"N", n}, {"K", k}, {"isa", isa}});
    }
    cases.push_back({{"N", 176}, {"K", 390}, {"isa", isa}});  // several tiles of columns
    cases.push_back({{"N", 0}, {"K", 2}, {"isa", isa}});
    cases.push_back({{"N", 16}, {"K", 0}, {"isa", isa}});
  }
  expect_right(pack_aten_int4, cases);
  expect_right(unpack_aten_int4, cases);
}

TEST(CpuKernels, PackDynQuant4bit) {
  expect_right(pack_dyn_quant_4bit,
               {{{"N", 1}, {"K", 2}, {"group", 2}},
                {{"N", 3}, {"K", 96}, {"group", 32}, {"scale", code_of(kBf16)}, {"bias", 1}},
                {{"N", 5}, {"K", 34}, {"group", 34}, {"bias", 1}},
                {{"N", 70}, {"K", 2048}, {"group", 64}, {"scale", code_of(kBf16)}},  // several chunks
                {{"N", 0}, {"K", 32}, {"bias", 1}},
                {{"N", 2}, {"K", 0}, {"bias", 1}}});
}

TEST(CpuKernels, Q4gswRequant) {
  std::vector<Sizes> rows, blocks;
  for (const std::int64_t group : {1, 3, 16, 100, 300}) {
    for (const std::int64_t k : {1, 15, 16, 63, 256, 259, 514}) rows.push_back({{"N", 3}, {"K", k}, {"group", group}});
    for (const std::int64_t k : {8, 64, 256, 264}) blocks.push_back({{"N", 13}, {"K", k}, {"group", group}});
  }
  rows.push_back({{"N", 300}, {"K", 130}, {"group", 32}});
  blocks.push_back({{"N", 300}, {"K", 136}, {"group", 32}});
  blocks.push_back({{"N", 0}, {"K", 8}, {"group", 8}});
  expect_right(q4gsw_requant, rows);
  expect_right(q4gsw_requant_w_4x8, blocks);
}

// Quotients at and next to every tie, scales of either sign, subnormal and 0, and infinite latents.
TEST(CpuKernels, Q4gswRequantRoundsAsPrescribed) {
  for (const MakeKernel make : {q4gsw_requant, q4gsw_requant_w_4x8}) {
    for_each_target(make, [](Subject& subject) {
      const Problem problem = requant_edges(subject.op());
      expect_right(subject, problem, subject.run(problem, 2), Data::exact);
    });
  }
}

TEST(CpuKernels, TransposeScales) {
  std::vector<Sizes> cases = {{{"N", 0}, {"G", 3}}, {{"N", 3}, {"G", 0}}};
  for (const DType scale : {DType::f32, DType::f16, DType::bf16, DType::i8}) {
    for (const std::int64_t n : {1, 3, 4, 16, 17, 67, 200}) {
      for (const std::int64_t g : {1, 5, 8, 16, 33}) {
        cases.push_back({{"N", n}, {"G", g}, {"scale", code_of(scale)}});
      }
    }
  }
  expect_right(transpose_scales, cases);
}

}  // namespace
}  // namespace plumb::cpu
