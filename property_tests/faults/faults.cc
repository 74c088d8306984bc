#include "property_tests/faults/faults.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "property_tests/faults/derived.h"
#include "property_tests/faults/kernels.h"
#include "reference/error.h"

namespace plumb::faults {
namespace {

constexpr const char* kLinear = "linear_q4gsw";
constexpr const char* kDq8ca = "linear_dq8ca_q4gsw";
constexpr const char* kQ8ta = "linear_q8ta_q8csw";
constexpr const char* kEmbedding = "embedding_q4gsw";
constexpr const char* kBackward = "linear_q4gsw_backward";
constexpr const char* kPerChannel = "linear_qcs4w";
constexpr const char* kPlainInt32 = "linear_int4_plain_int32";
constexpr const char* kCompressed = "matmul_compressed";
constexpr const char* kAten = "weight_int4pack_mm";
constexpr const char* kIntx = "linear_intx";
constexpr const char* kWeightGradient = "linear_weight_gradient";
constexpr const char* kPack = "pack_uint4";
constexpr const char* kUnpack = "unpack_uint4";

using enum Mutation;

constexpr Fault kFaults[] = {
    // linear_q4gsw: codes
    {"nibbles_swapped", kLinear, "low nibble taken for the odd k", nibbles_swapped, Outcome::fail, "", "1", no_peer,
     "nibbles swapped"},
    {"offset_missing", kLinear, "codes 0 … 15 used as they are", offset_missing, Outcome::fail, "", "1", no_peer,
     "offset missing"},
    {"offset_7", kLinear, "7 subtracted instead of 8", offset_7, Outcome::fail, "", "1", no_peer,
     "offset 7 instead of 8"},
    {"high_nibble_kept", kLinear, "byte not masked for its low code", high_nibble_kept, Outcome::fail},
    {"codes_as_signed", kLinear, "offset binary read as two's complement", codes_as_signed, Outcome::fail, "", "1",
     no_peer, "read as two's complement"},
    // linear_q4gsw: scales
    {"scale_of_previous_group", kLinear, "scale of group g - 1", scale_of_previous_group, Outcome::fail, "",
     "K > group"},
    {"scale_of_group_0", kLinear, "one scale for all groups", scale_of_group_0, Outcome::fail, "", "K > group"},
    {"scales_transposed", kLinear, "scales read as [N, K/group]", scales_transposed, Outcome::fail, "",
     "K > group && N > 1"},
    {"group_is_32", kLinear, "group index k / 32 whatever the group", group_is_32, Outcome::fail, "", "group != 32",
     both},
    // linear_q4gsw: elements
    {"last_k_dropped", kLinear, "last product missing", last_k_dropped, Outcome::fail, "", "1", torchao},
    {"tail_counted_twice", kLinear, "K % 8 products added again", tail_counted_twice, Outcome::fail, "", "K % 8 != 0",
     both},
    {"last_row_missing", kLinear, "row M - 1 not written", last_row_missing, Outcome::fail, "", "row == M - 1"},
    {"last_column_unwritten", kLinear, "column N - 1 not written", last_column_unwritten, Outcome::fail, "",
     "column == N - 1"},
    {"nothing_written", kLinear, "returns ok and writes nothing", nothing_written, Outcome::fail,
     "every element is wrong"},
    {"bias_twice", kLinear, "bias added twice", bias_twice, Outcome::fail, "", "bias", torchao},
    {"bias_dropped", kLinear, "bias ignored", bias_dropped, Outcome::fail, "", "bias", torchao},
    // linear_q4gsw: arithmetic
    {"half_precision", kLinear, "accumulates in f16, claims f32", half_precision, Outcome::fail, "", "1", both},
    {"bf16_precision", kLinear, "accumulates in bf16, claims f32", bf16_precision, Outcome::fail, "", "1", torchao},
    {"sum_split_over_threads", kLinear, "K is split in two if there are threads, claims deterministic",
     sum_split_over_threads, Outcome::flaky, "other bits with 3 threads", "1", both},
    // linear_q4gsw: memory, status, process
    {"one_written_beyond", kLinear, "element M * N written", one_written_beyond, Outcome::crash,
     "it wrote 1 byte past the end of y", "1", both},
    {"one_written_before", kLinear, "element -1 written", one_written_before, Outcome::crash, "before the start of y",
     "1", both},
    {"input_written", kLinear, "x changed in place", input_written, Outcome::crash, "it wrote to x, an input", "1",
     both},
    {"status_after_writing", kLinear, "right output, but status bad argument", status_after_writing, Outcome::fail,
     "returned 'bad argument' for a legal call"},
    {"segmentation_fault", kLinear, "null pointer written for M > 32, K < 8", segmentation_fault, Outcome::crash,
     "ended its process", "M > 32 && K < 8", both},
    {"aborts", kLinear, "abort() for M > 32, K < 8", aborts, Outcome::crash, "SIGABRT", "M > 32 && K < 8", both},
    {"exits", kLinear, "exit(0) for M > 32, K < 8", exits, Outcome::crash, "ended its process", "M > 32 && K < 8",
     both},
    {"never_returns", kLinear, "endless loop for M > 32, K < 8", never_returns, Outcome::hang, "did not return within",
     "M > 32 && K < 8", both},

    // linear_dq8ca_q4gsw
    {"zero_point_ignored", kDq8ca, "sums not corrected for the activation's zero point", zero_point_ignored,
     Outcome::fail, "", "activation == 0"},
    {"sums_of_group_0", kDq8ca, "one weight sum for all groups", sums_of_group_0, Outcome::fail, "",
     "activation == 0 && K > group"},
    {"sums_not_padded", kDq8ca, "weight sums read at stride N", sums_not_padded, Outcome::fail, "",
     "activation == 0 && K > group && N % 8 != 0", both},
    {"row_scale_of_row_0", kDq8ca, "activation scale of row 0 for all rows", row_scale_of_row_0, Outcome::fail, "",
     "activation == 0 && row > 0", torchao},
    {"activation_truncated", kDq8ca, "activation rounded towards zero", activation_truncated, Outcome::fail, "",
     "activation == 0", both},
    {"activation_not_clamped", kDq8ca, "codes beyond int8", activation_not_clamped, Outcome::fail, "",
     "activation == 0"},
    {"scale_of_previous_group", kDq8ca, "scale of group g - 1", scale_of_previous_group, Outcome::fail, "", "K > group",
     torchao},
    {"nibbles_swapped", kDq8ca, "low nibble taken for the odd k", nibbles_swapped, Outcome::fail, "", "1", no_peer,
     "nibbles swapped"},
    {"half_precision", kDq8ca, "accumulates in f16, claims f32", half_precision, Outcome::fail, "", "1", both},

    // linear_q8ta_q8csw
    {"zero_point_ignored", kQ8ta, "sums not corrected for the activation's zero point", zero_point_ignored,
     Outcome::fail, "", "activation == 0"},
    {"activation_not_clamped", kQ8ta, "codes beyond int8", activation_not_clamped, Outcome::fail, "",
     "activation == 0"},
    {"pairs_saturated", kQ8ta, "pairs of products summed with saturation at 16 bits", pairs_saturated, Outcome::fail,
     "", "activation == 0"},
    {"last_column_unwritten", kQ8ta, "column N - 1 not written", last_column_unwritten, Outcome::fail, "",
     "column == N - 1", torchao},
    {"bias_dropped", kQ8ta, "bias ignored", bias_dropped, Outcome::fail, "", "bias", both},

    // embedding_q4gsw
    {"nibbles_swapped", kEmbedding, "the other nibble of each byte", nibbles_swapped, Outcome::fail, "", "1", no_peer,
     "nibbles swapped"},
    {"layout_flag_ignored", kEmbedding, "even column always in the low nibble", layout_flag_ignored, Outcome::fail, "",
     "linear == 0", no_peer, "nibbles swapped"},
    {"offset_missing", kEmbedding, "codes 0 … 15 used as they are", offset_missing, Outcome::fail, "", "1", no_peer,
     "offset missing"},
    {"offset_7", kEmbedding, "7 subtracted instead of 8", offset_7, Outcome::fail, "", "1", no_peer,
     "offset 7 instead of 8"},
    {"row_off_by_one", kEmbedding, "row index + 1, kept inside the table", row_off_by_one, Outcome::fail, "", "N > 1"},
    {"group_is_32", kEmbedding, "group index k / 32 whatever the group", group_is_32, Outcome::fail, "",
     "column / 32 != column / group", both},
    {"scale_of_previous_group", kEmbedding, "scale of group g - 1", scale_of_previous_group, Outcome::fail, "",
     "column >= group"},
    {"scale_of_group_0", kEmbedding, "one scale for each row", scale_of_group_0, Outcome::fail, "", "column >= group"},
    {"scales_transposed", kEmbedding, "scales read as [K/group, N]", scales_transposed, Outcome::fail, "",
     "K > group && N > 1"},
    {"last_column_unwritten", kEmbedding, "column K - 1 not written", last_column_unwritten, Outcome::fail, "",
     "column == K - 1", torchao},
    {"last_row_missing", kEmbedding, "last index not looked up", last_row_missing, Outcome::fail, "", "row == M - 1"},
    {"half_precision", kEmbedding, "product rounded to f16, y is f32", half_precision, Outcome::fail, "", "1", both},
    {"one_written_beyond", kEmbedding, "element M * K written", one_written_beyond, Outcome::crash,
     "it wrote 1 byte past the end of y", "1", both},
    {"aborts", kEmbedding, "abort() for M > 16, N < 3", aborts, Outcome::crash, "SIGABRT", "M > 16 && N < 3", both},

    // linear_q4gsw_backward
    {"offset_7", kBackward, "7 subtracted instead of 8", offset_7, Outcome::fail, "", "1", no_peer,
     "offset 7 instead of 8"},
    {"scale_of_group_0", kBackward, "one scale for all groups", scale_of_group_0, Outcome::fail, "", "column >= group"},
    {"scale_of_previous_group", kBackward, "scale of group g - 1", scale_of_previous_group, Outcome::fail, "",
     "column >= group"},
    {"scales_transposed", kBackward, "scales read as [N, K/group]", scales_transposed, Outcome::fail, "",
     "K > group && N > 1"},
    {"last_k_dropped", kBackward, "last output's gradient missing", last_k_dropped, Outcome::fail, "", "1", torchao},
    {"last_column_unwritten", kBackward, "column K - 1 not written", last_column_unwritten, Outcome::fail, "",
     "column == K - 1", torchao},

    // linear_qcs4w
    {"offset_7", kPerChannel, "codes one too large", offset_7, Outcome::fail, "", "1", no_peer,
     "offset 7 instead of 8"},
    {"last_k_dropped", kPerChannel, "last product missing", last_k_dropped, Outcome::fail, "", "1", torchao},
    {"last_row_missing", kPerChannel, "row M - 1 not written", last_row_missing, Outcome::fail, "", "row == M - 1"},
    {"one_written_beyond", kPerChannel, "element M * N written", one_written_beyond, Outcome::crash,
     "it wrote 1 byte past the end of y", "1", both},

    // linear_int4_plain_int32
    {"zero_point_ignored", kPlainInt32, "zero points not subtracted", zero_point_ignored, Outcome::fail},
    {"act_pre_scale_dropped", kPlainInt32, "act_pre_scale ignored", act_pre_scale_dropped, Outcome::fail, "",
     "act_pre_scale"},
    {"bias_dropped", kPlainInt32, "bias ignored", bias_dropped, Outcome::fail, "", "bias", torchao},
    {"scale_of_previous_group", kPlainInt32, "scale of group g - 1", scale_of_previous_group, Outcome::fail, "",
     "K > group"},
    {"scales_transposed", kPlainInt32, "scales read as [N, K/group]", scales_transposed, Outcome::fail, "",
     "K > group && N > 1"},
    {"last_column_unwritten", kPlainInt32, "column N - 1 not written", last_column_unwritten, Outcome::fail, "",
     "column == N - 1"},

    // matmul_compressed
    {"zero_point_ignored", kCompressed, "zero points not subtracted", zero_point_ignored, Outcome::fail, "",
     "zero_codes || zero_point"},
    {"offset_7", kCompressed, "codes one too large", offset_7, Outcome::fail},
    {"group_is_32", kCompressed, "group index k / 32 whatever the group", group_is_32, Outcome::fail, "",
     "group != 32 && K > group && scales == 0", both},
    {"scale_of_previous_group", kCompressed, "scale of group g - 1", scale_of_previous_group, Outcome::fail, "",
     "K > group && scales == 0"},
    {"scales_transposed", kCompressed, "scales read as [K/group, N]", scales_transposed, Outcome::fail, "",
     "K > group && N > 1 && scales == 0"},
    {"last_k_dropped", kCompressed, "last product missing", last_k_dropped, Outcome::fail, "", "1", torchao},
    {"half_precision", kCompressed, "accumulates in f16, claims f32", half_precision, Outcome::fail, "", "1", both},

    // weight_int4pack_mm
    {"zero_point_ignored", kAten, "zeros not added", zero_point_ignored, Outcome::fail},
    {"offset_7", kAten, "7 subtracted instead of 8", offset_7, Outcome::fail},
    {"act_pre_scale_dropped", kAten, "act_pre_scale ignored", act_pre_scale_dropped, Outcome::fail, "",
     "act_pre_scale"},
    {"scale_of_group_0", kAten, "one scale for all groups", scale_of_group_0, Outcome::fail, "", "K > group"},
    {"scales_transposed", kAten, "scales read as [N, K/group]", scales_transposed, Outcome::fail, "",
     "K > group && N > 1"},
    {"last_column_unwritten", kAten, "column N - 1 not written", last_column_unwritten, Outcome::fail, "",
     "column == N - 1", torchao},

    // linear_intx
    {"zero_point_ignored", kIntx, "zero points not subtracted", zero_point_ignored, Outcome::fail, "", "zero_point",
     both},
    {"bias_dropped", kIntx, "bias ignored", bias_dropped, Outcome::fail, "", "bias", both},
    {"last_k_dropped", kIntx, "last product missing", last_k_dropped, Outcome::fail, "", "1", torchao},

    // linear_weight_gradient
    {"last_element_inverted", kWeightGradient, "every bit of the last element inverted", last_element_inverted,
     Outcome::fail},
    {"one_written_beyond", kWeightGradient, "a byte behind d_w written", one_written_beyond, Outcome::crash,
     "it wrote 1 byte past the end of d_w"},

    // pack_uint4
    {"nibbles_swapped", kPack, "first code in the high nibble", nibbles_swapped, Outcome::fail, "", "1", no_peer,
     "nibbles swapped"},
    {"high_nibble_kept", kPack, "first code not masked", high_nibble_kept, Outcome::fail},
    {"pair_across_rows_swapped", kPack, "pairs that cross a row are turned round", pair_across_rows_swapped,
     Outcome::fail, "", "lead > 1"},
    {"last_row_missing", kPack, "last byte not written", last_row_missing, Outcome::fail, "", "row == n / 2 - 1"},
    {"one_written_beyond", kPack, "one byte too many written", one_written_beyond, Outcome::crash,
     "it wrote 1 byte past the end of packed"},
    {"input_written", kPack, "codes changed in place", input_written, Outcome::crash, "it wrote to codes, an input"},
    {"exits", kPack, "exit(0) for n = 2", exits, Outcome::crash, "ended its process", "n == 2"},

    // unpack_uint4
    {"nibbles_swapped", kUnpack, "high nibble first", nibbles_swapped, Outcome::fail, "", "1", no_peer,
     "nibbles swapped"},
    {"sign_extension_missing", kUnpack, "high code of an i8 container without its sign", sign_extension_missing,
     Outcome::fail, "", "column == 1"},
    {"last_row_missing", kUnpack, "last byte not unpacked", last_row_missing, Outcome::fail, "", "row == n - 1"},
    {"one_written_before", kUnpack, "one byte before the codes written", one_written_before, Outcome::crash,
     "before the start of codes"},
    {"never_returns", kUnpack, "endless loop for n = 1", never_returns, Outcome::hang, "did not return within",
     "n == 1"},
};

// What a diagnosis says of a mutation whose fault has no words of its own.
struct Words {
  Mutation mutation;
  const char* words;
};
constexpr Words kWords[] = {
    {high_nibble_kept, "not masked"},
    {scale_of_previous_group, "of group g - 1 taken for group g"},
    {scale_of_group_0, "of group 0 taken for all groups"},
    {scales_transposed, "transposed"},
    {group_is_32, "k / 32"},
    {zero_point_ignored, "ignored"},
    {act_pre_scale_dropped, "act_pre_scale ignored"},
    {sums_of_group_0, "of group 0 taken for all groups"},
    {sums_not_padded, "without its padding"},
    {row_scale_of_row_0, "of row 0 taken for all rows"},
    {activation_truncated, "truncated to int8"},
    {activation_not_clamped, "not clamped"},
    {pairs_saturated, "pairs of products saturate"},
    {last_k_dropped, "last product missing"},
    {tail_counted_twice, "K tail counted twice"},
    {last_row_missing, "never written"},
    {last_column_unwritten, "never written"},
    {nothing_written, "never written"},
    {row_off_by_one, "+ 1 looked up"},
    {bias_twice, "bias added twice"},
    {bias_dropped, "bias ignored"},
    {half_precision, "f16"},
    {bf16_precision, "bf16"},
    {offset_7, "one too"},
    {sign_extension_missing, "sign"},
    {pair_across_rows_swapped, "swapped"},
    {one_written_before, "bytes outside"},
};

// One line for each operator.
struct Plain {
  const char* op;
  Kernel (*make)(Mutation);
};
constexpr Plain kPlain[] = {{kLinear, linear_q4gsw},       {kDq8ca, linear_dq8ca_q4gsw}, {kQ8ta, linear_q8ta_q8csw},
                            {kEmbedding, embedding_q4gsw}, {kPack, pack_uint4},          {kUnpack, unpack_uint4}};

Kernel make_kernel(std::string_view op, Mutation mutation) {
  for (const Plain& plain : kPlain) {
    if (op == plain.op) return plain.make(mutation);
  }
  if (std::optional<Kernel> kernel = grouped_linear(op, mutation)) return std::move(*kernel);
  return spoilt_kernel(op, mutation);
}

}  // namespace

std::span<const Fault> listed_faults() { return kFaults; }

std::string expected_words(const Fault& fault) {
  if (*fault.looks_like != '\0') return fault.looks_like;
  if (*fault.reason != '\0' && fault.mutation != nothing_written) return fault.reason;
  const auto words = std::ranges::find(kWords, fault.mutation, &Words::mutation);
  return words == std::end(kWords) ? "" : words->words;
}

std::span<const Fault> all_faults() {
  static const std::vector<Fault> faults = [] {
    std::vector<Fault> all(std::begin(kFaults), std::end(kFaults));
    std::ranges::copy(derived_faults(kFaults), std::back_inserter(all));
    return all;
  }();
  return faults;
}

std::unique_ptr<Builtin> make_faulty(const Fault& fault) {
  return std::make_unique<Builtin>("fault." + std::string(fault.id), "", make_kernel(fault.op, fault.mutation));
}

std::unique_ptr<Builtin> make_plain(const char* op) {
  return std::make_unique<Builtin>("plain", "", make_kernel(op, none));
}

}  // namespace plumb::faults
