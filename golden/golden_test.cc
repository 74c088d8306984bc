// The given golden files, read whole and compared with what h5py finds in them.
#include "golden/golden.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "golden/serialise.h"
#include "golden/utf8.h"
#include "reference/error.h"

namespace plumb::golden {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(PLUMB_SOURCE_DIR) / "golden";

struct Content {
  const char* file;
  std::size_t cases, arrays, bytes, byte_sum;
  bool operator==(const Content& other) const {
    return cases == other.cases && arrays == other.arrays && bytes == other.bytes && byte_sum == other.byte_sum;
  }
};
std::ostream& operator<<(std::ostream& out, const Content& c) {
  return out << c.cases << " cases, " << c.arrays << " arrays, " << c.bytes << " bytes of sum " << c.byte_sum;
}

// Counted with h5py, HDF5 2.0. Renew after regenerating a file:
//   sum over h5py.File(f)["cases"].values() of group.values() of dataset[()].tobytes()
constexpr Content kContents[] = {
    {"executorch/embedding_q4gsw.h5", 62, 241, 150256, 15842856},
    {"executorch/fusion.h5", 96, 946, 491772, 58150412},
    {"executorch/linear_q4gsw.h5", 42, 218, 116538, 10354929},
    {"executorch/linear_q8.h5", 33, 158, 20790, 2505472},
    {"executorch/quantize.h5", 64, 208, 31945, 3616803},
    {"executorch/schemas.h5", 65, 0, 0, 0},
    {"executorch/shader_dq8ca.h5", 12, 91, 48688, 5719759},
    {"executorch/shader_pack.h5", 50, 103, 25928, 3282025},
    {"executorch/shader_run.h5", 96, 397, 186100, 21226856},
    {"executorch/train_q4gsw.h5", 19, 64, 17736, 2159474},
    {"executorch/weight_pack.h5", 52, 99, 15018, 1820687},
    {"families/families.h5", 14, 34, 409258, 51135549},
    {"model/model.h5", 8, 26, 1351536, 163207830},
    {"openvino/nncf_compress.h5", 36, 243, 156595, 16847847},
    {"openvino/nncf_decompress.h5", 90, 507, 23522, 2401071},
    {"openvino/nncf_pack.h5", 72, 137, 11290, 876509},
    {"openvino/nncf_quantize.h5", 35, 152, 278144, 29787519},
    {"openvino/ov_convert.h5", 75, 150, 4749, 361523},
    {"openvino/ov_elements.h5", 107, 539, 86600, 2892702},
    {"openvino/ov_graphs.h5", 277, 1679, 355972, 36825194},
    {"openvino/ov_matmul.h5", 81, 541, 684911, 85155958},
    {"torchao/bitpacking.h5", 129, 354, 9046, 479645},
    {"torchao/choose_qparams.h5", 119, 345, 187656, 17720543},
    {"torchao/compute_error.h5", 27, 81, 49078, 5508068},
    {"torchao/dyn_quant_4bit.h5", 50, 149, 72156, 4423863},
    {"torchao/dynamic_act.h5", 68, 421, 177764, 20133581},
    {"torchao/graphs.h5", 19, 146, 75080, 8716195},
    {"torchao/hqq.h5", 42, 147, 133472, 12598897},
    {"torchao/int4_cpu_pack_avx2.h5", 79, 311, 1361216, 82167712},
    {"torchao/int4_cpu_pack_avx512.h5", 79, 311, 1361216, 82086127},
    {"torchao/int4_cpu_pack_default.h5", 79, 311, 1361216, 81185183},
    {"torchao/int4_plain.h5", 31, 124, 38816, 3170787},
    {"torchao/int4_plain_int32.h5", 111, 605, 386388, 36947767},
    {"torchao/intx_unpacked.h5", 120, 608, 195858, 20086432},
    {"torchao/quantize.h5", 105, 410, 259323, 17491120},
    {"torchao/tinygemm.h5", 30, 105, 135072, 6150057},
};

Content content_of(const File& file) {
  Content content{nullptr, file.cases.size(), 0, 0, 0};
  for (const Case& c : file.cases)
    for (const auto* arrays : {&c.inputs, &c.outputs})
      for (const Array& array : *arrays) {
        content.arrays += 1;
        content.bytes += array.bytes.size();
        for (const std::byte b : array.bytes) content.byte_sum += std::to_integer<std::size_t>(b);
      }
  return content;
}

const Case& case_of(const File& file, const std::string& name) {
  for (const Case& c : file.cases)
    if (c.name == name) return c;
  throw Error("no case " + name);
}

const Array& array_of(const std::vector<Array>& arrays, const std::string& name) {
  for (const Array& array : arrays)
    if (array.name == name) return array;
  throw Error("no array " + name);
}

template <class T>
T element(const Array& array, std::size_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

using Shape = std::vector<std::int64_t>;

TEST(Golden, EveryGivenFileIsReadWhole) {
  const auto files = find(kGolden);
  ASSERT_EQ(files.size(), std::size(kContents));
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i], kGolden / kContents[i].file);
    const File file = read(files[i]);
    EXPECT_EQ(content_of(file), kContents[i]) << files[i];
    EXPECT_EQ(file.path, files[i]);
    EXPECT_TRUE(std::filesystem::exists(kGolden / "generators" / file.generator)) << file.generator;
  }
}

TEST(Golden, OutputsSayHowTheyAreAccepted) {
  for (const auto& path : find(kGolden / "torchao"))
    for (const Case& c : read(path).cases) {
      for (const Array& input : c.inputs) EXPECT_EQ(input.accept, "") << path << c.name << input.name;
      for (const Array& output : c.outputs) EXPECT_NE(output.accept, "") << path << c.name << output.name;
    }
}

TEST(Golden, PackedAndBfloat16ArraysKeepTheirStoredBytes) {
  const File file = read(kGolden / "openvino/nncf_decompress.h5");
  EXPECT_EQ(file.source, "nncf 3.4.0, torch 2.13.0+cpu");
  const Case& c = case_of(file, "int4_asym_4x2x8_bfloat16_to_bfloat16");
  EXPECT_EQ(c.op, "openvino.nncf_INT4AsymmetricWeightsDecompressor");
  EXPECT_EQ(c.attributes.count("op"), 0u);
  EXPECT_EQ(std::get<std::string>(c.attributes.at("result_shape")), "[4, 16]");

  const Array& scale = array_of(c.inputs, "scale");
  EXPECT_EQ(scale.dtype, "bf16");
  EXPECT_EQ(scale.logical_dtype, "bf16");
  EXPECT_EQ(scale.shape, (Shape{4, 2, 1}));
  EXPECT_EQ(scale.logical_shape, scale.shape);
  EXPECT_EQ(element<std::uint16_t>(scale, 0), 0xbd89);

  const Array& packed = array_of(c.outputs, "packed_weight");
  EXPECT_EQ(packed.dtype, "u8");
  EXPECT_EQ(packed.logical_dtype, "u4");
  EXPECT_EQ(packed.shape, (Shape{32, 1}));
  EXPECT_EQ(packed.logical_shape, (Shape{4, 2, 8}));
  EXPECT_EQ(packed.accept, "bitwise");
  EXPECT_EQ(element<std::uint8_t>(packed, 1), 0x9f);

  EXPECT_EQ(array_of(c.outputs, "stored_scale").dtype, "f16");
  EXPECT_EQ(element<std::uint16_t>(array_of(c.outputs, "stored_scale"), 0), 0xac48);
}

TEST(Golden, WideTypesAndAttributesOfEveryKind) {
  const File model = read(kGolden / "model/model.h5");
  const Case& logits = case_of(model, "logits_f64");
  const Array& output = array_of(logits.outputs, "logits");
  EXPECT_EQ(output.dtype, "f64");
  EXPECT_EQ(output.accept, "bounded");
  EXPECT_EQ(output.shape, (Shape{24, 2048}));
  EXPECT_EQ(element<std::uint64_t>(output, 0), 0x4006b2f16cd3c0ceu);
  EXPECT_EQ(element<std::int32_t>(array_of(logits.inputs, "tokens"), 2), 696);

  const File fusion = read(kGolden / "executorch/fusion.h5");
  const Case& c = case_of(fusion, "dec_8bit_embedding");
  EXPECT_EQ(std::get<std::int64_t>(c.attributes.at("linear_decomposed")), 1);
  EXPECT_EQ(std::get<double>(c.attributes.at("max_abs_output")), 25.024751663208008);
  EXPECT_EQ(array_of(c.inputs, "param:codes").dtype, "i8");
}

TEST(Golden, ScalarsEmptyArraysAndCasesWithoutTensors) {
  const File fusion = read(kGolden / "executorch/fusion.h5");
  const Array& scalar = array_of(case_of(fusion, "emb_doubled_scales").inputs, "param:_lifted_tensor_constant2");
  EXPECT_EQ(scalar.shape, Shape{});
  EXPECT_EQ(element<std::int64_t>(scalar, 0), 2);

  const File embedding = read(kGolden / "executorch/embedding_q4gsw.h5");
  const Array& empty = array_of(case_of(embedding, "no_indices_emb").outputs, "output");
  EXPECT_EQ(empty.shape, (Shape{0, 64}));
  EXPECT_TRUE(empty.bytes.empty());

  const File schemas = read(kGolden / "executorch/schemas.h5");
  const Case& schema = case_of(schemas, "et_vk.adamw_step.default");
  EXPECT_TRUE(schema.inputs.empty() && schema.outputs.empty());

  const File shaders = read(kGolden / "executorch/shader_pack.h5");
  EXPECT_EQ(std::get<std::string>(shaders.attributes.at("integer_dot_product")), "function of the same meaning");
}

TEST(ArrayNamed, NamesThoseThatThereAre) {
  const auto refusal = [](const std::vector<Array>& arrays) -> std::string {
    try {
      return array_named(arrays, "z").name;
    } catch (const Error& error) {
      return error.what();
    }
  };
  std::vector<Array> arrays(2);
  arrays[0].name = "x";
  arrays[1].name = "y";
  EXPECT_EQ(&array_named(arrays, "y"), &arrays[1]);
  EXPECT_EQ(refusal(arrays), "expected a tensor 'z', found x, y");
  EXPECT_EQ(refusal({}), "expected a tensor 'z', found none");
  EXPECT_EQ(find_array(arrays, "x"), &arrays[0]);
  EXPECT_EQ(find_array(arrays, "z"), nullptr);
}

TEST(Find, ListsFoldersSortedAndTakesFilesAsTheyAre) {
  EXPECT_EQ(find(kGolden / "FORMAT.md"), std::vector<std::filesystem::path>{kGolden / "FORMAT.md"});
  EXPECT_EQ(find(kGolden / "model"), std::vector<std::filesystem::path>{kGolden / "model/model.h5"});
  EXPECT_TRUE(find(kGolden / "generators").empty());
  EXPECT_THROW((void)find(kGolden / "no_such_folder"), Error);
}

TEST(Serialise, RefusesBytesItDidNotWrite) {
  const std::string bytes = to_bytes(read(kGolden / "executorch/schemas.h5"));
  EXPECT_EQ(to_bytes(from_bytes(bytes, "x.h5")), bytes);
  EXPECT_THROW((void)from_bytes(bytes + "x", "x.h5"), Error);
  for (std::size_t size = 0; size < bytes.size(); size += 97)
    EXPECT_THROW((void)from_bytes(std::string_view(bytes).substr(0, size), "x.h5"), Error) << size;
}

TEST(Utf8, AcceptsWellFormedTextOnly) {
  for (const char* good : {"", "weight", "\xc2\xb5", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xc2", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82x"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Utf8, WhatAFileSaysIsPrintableOnATerminal) {
  EXPECT_EQ(printable("plain, π,\nlines"), "plain, π,\nlines");
  EXPECT_EQ(printable("\x1b[2J\x7f\t"), "\\x1b[2J\\x7f\\x09");
  EXPECT_EQ(printable("\xe8 \xcf\x80"), "\\xe8 \\xcf\\x80");
}

}  // namespace
}  // namespace plumb::golden
