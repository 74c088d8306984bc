#include "runners/accuracy/formats.h"

#include <fmt/format.h>

#include <vector>

#include "reference/error.h"
#include "reference/names.h"
#include "runners/accuracy/packers.h"
#include "runners/accuracy/quantisers.h"

namespace plumb::accuracy {

std::span<const Format> all_formats() {
  using enum Activation;
  static const Format formats[] = {
      {"nncf.u2", "NNCF's 2-bit integers, scales in f16, through OpenVINO's compressed MatMul", 2, 64, true, true, f32,
       quantise_nncf, pack_matmul_compressed, nullptr},
      {"nncf.u4", "NNCF's 4-bit integers, scales in f16, through OpenVINO's compressed MatMul", 4, 128, true, true, f32,
       quantise_nncf, pack_matmul_compressed, nullptr},
      {"nncf.u8", "NNCF's 8-bit integers, scales in f16, through OpenVINO's compressed MatMul", 8, 0, true, true, f32,
       quantise_nncf, pack_matmul_compressed, nullptr},
      {"torchao.intx2", "torchao's IntxWeightOnlyConfig with int2, through OpenVINO's compressed MatMul", 2, 32, true,
       false, f32, quantise_intx, pack_matmul_compressed, nullptr},
      {"torchao.intx4", "torchao's IntxWeightOnlyConfig with int4, through et_vk::linear_q4gsw", 4, 32, true, false,
       f32, quantise_intx, pack_linear_q4gsw, pack_embedding_q4gsw},
      {"torchao.intx8", "torchao's IntxWeightOnlyConfig with int8, through OpenVINO's compressed MatMul", 8, 0, true,
       false, f32, quantise_intx, pack_matmul_compressed, nullptr},
      {"torchao.int4_plain_int32", "torchao's Int4PlainInt32Tensor of f16 weights, activations in f16", 4, 128, true,
       false, f16, quantise_plain_int32_f16, pack_linear_int4_plain_int32, nullptr},
      {"aten.int4", "torchao's tinygemm weights in f32, through ATen's _weight_int4pack_mm for CPUs", 4, 32, true,
       false, f32, quantise_tinygemm, pack_weight_int4pack_mm, nullptr},
      {"et_vk.q4gsw", "ExecuTorch Vulkan's 4-bit weights, scales in f32", 4, 32, true, false, f32, quantise_intx,
       pack_linear_q4gsw, pack_embedding_q4gsw},
      {"et_vk.dq8ca_q4gsw", "the same weights, activations quantised to int8 row by row", 4, 32, true, false, int8_rows,
       quantise_intx, pack_linear_dq8ca_q4gsw, pack_embedding_q4gsw},
      {"et_vk.qcs4w", "ExecuTorch Vulkan's 4-bit weights with one scale a row", 4, 0, false, false, f32, quantise_intx,
       pack_linear_qcs4w, nullptr},
  };
  return formats;
}

const Format& format_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Format& format : all_formats()) {
    if (format.name == name) return format;
    known.emplace_back(format.name);
  }
  throw Error(fmt::format("'{}' is no format of weights; nearest: {}", name, nearest_names(name, known)));
}

}  // namespace plumb::accuracy
