#include "runners/bench/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "reference/error.h"
#include "reference/formula.h"
#include "reference/names.h"
#include "runners/bench/repacks.h"

namespace plumb::bench {
namespace {

// The bars: what moves bits is held to memcpy, what quantises may take twice its time, and a linear layer of one row is
// held to reading its weight.
constexpr double kMove = 0.8, kQuantise = 0.5, kNoBar = 0, kReadOnce = 0.8;

// A case as `plumb check` writes it, with formulas of M, N, K and group in braces.
struct Template {
  const char* group;
  const char* kind;
  double bar;
  const char* text;
};

constexpr Template kTemplates[] = {
    {"pack", "pack", kMove, "pack_uint4[n={N*K}]"},
    {"pack", "pack", kMove, "pack_int4[n={N*K}]"},
    {"pack", "pack", kMove, "pack_uint2[n={N*K}]"},
    {"pack", "pack", kMove, "onnx_pack_4bit[n={N*K},container=i8]"},
    {"pack", "pack", kMove, "onnx_pack_int4_blocks[K={K},N={N},block={group},container=i8]"},
    {"pack", "pack", kMove, "nncf_compress_constants[R={N},columns={K},bits=4]"},
    {"pack", "pack", kMove, "nncf_compress_constants[R={N},columns={K},bits=4,asym,codes=u8]"},
    {"pack", "pack", kMove, "ov_pack[n={N*K},type=u4,from=u8]"},
    {"pack", "pack", kMove, "ov_pack[n={N*K},type=i4,from=i8]"},
    {"pack", "pack", kMove, "pack_plain_int32[N={N},K={K}]"},
    {"pack", "pack", kMove, "pack_plain_int4[N={N},K={K}]"},
    {"pack", "pack", kMove, "pack_uintx[outer=1,n={N},inner={K},bits=4]"},
    {"pack", "pack", kMove, "pack_uintx[outer=1,n={N},inner={K},bits=3]"},
    {"pack", "pack", kMove, "pack_aten_int4[N={N},K={K},isa=avx512]"},
    {"pack", "pack", kMove, "pack_aten_int4[N={N},K={K},isa=avx2]"},
    {"pack", "pack", kMove, "pack_q4gsw[N={N},K={K}]"},
    {"pack", "unpack", kMove, "unpack_uint4[n={N*K/2}]"},
    {"pack", "unpack", kMove, "unpack_int4[n={N*K/2}]"},
    {"pack", "unpack", kMove, "unpack_uint2[n={N*K/4}]"},
    {"pack", "unpack", kMove, "ov_unpack[count={N*K},type=u4,out=u8]"},
    {"pack", "unpack", kMove, "ov_unpack[count={N*K},type=i4,out=f32]"},
    {"pack", "unpack", kMove, "unpack_plain_int32[N={N},K={K}]"},
    {"pack", "unpack", kMove, "unpack_plain_int4[N={N},K={K}]"},
    {"pack", "unpack", kMove, "unpack_uintx[outer=1,n={N},inner={K},bits=4]"},
    {"pack", "unpack", kMove, "unpack_uintx[outer=1,n={N},inner={K},bits=3]"},
    {"pack", "unpack", kMove, "unpack_aten_int4[N={N},K={K},isa=avx512]"},
    {"pack", "unpack", kMove, "unpack_q4gsw[N={N},row_bytes={K/2},columns={K}]"},
    {"pack", "repack", kMove, "pack_dyn_quant_4bit[N={N},K={K},group={group}]"},
    {"pack", "repack", kMove, "repack_embedding[N={N},K={K}]"},
    {"pack", "repack", kMove, "pack_q4_linear_weight[N={N},K={K}]"},
    {"pack", "repack", kMove, "pack_w_4x8[N={N},K={K}]"},
    {"pack", "repack", kMove, "pack_q8_linear_weight[N={N},K={K}]"},
    {"pack", "repack", kMove, "pack_int4_transposed[N={N},K={K}]"},
    {"pack", "repack", kMove, "transpose_scales[N={N},G={K/group}]"},
    {"pack", "repack", kMove, "transpose_scales_aligned[N={N},G={K/group}]"},
    // Scales of one weight stay in the nearest caches; those of eight do not.
    {"pack", "repack", kMove, "transpose_scales[N={8*N},G={K/group}]"},
    {"pack", "repack", kMove, "transpose_scales_aligned[N={8*N},G={K/group}]"},
    {"pack", "repack", kMove, "group_sums[N={N},K={K},group={group}]"},
    {"pack", "quantize", kQuantise, "choose_qparams_affine[M={N},K={K},group={group}]"},
    {"pack", "quantize", kQuantise, "quantize_affine[M={N},K={K},group={group},code=i8,zp=i8]"},
    {"pack", "quantize", kQuantise, "choose_qparams_tinygemm[M={N},K={K},group={group},quant_min=0,quant_max=15]"},
    {"pack", "quantize", kQuantise, "quantize_tinygemm[M={N},K={K},group={group},quant_min=0,quant_max=15,code=u8]"},
    {"pack", "quantize", kQuantise, "nncf_quantize[N={N},K={K},inner=1,group={group}]"},
    {"pack", "quantize", kQuantise, "ov_pack[n={N*K},type=nf4]"},
    {"pack", "quantize", kQuantise, "q4gsw_requant[N={N},K={K},group={group}]"},
    {"pack", "quantize", kQuantise, "q4gsw_requant_w_4x8[N={N},K={K},group={group}]"},
    {"pack", "dequantize", kQuantise, "dequantize_affine[M={N},K={K},group={group},code=i8,zp=i8]"},
    {"pack", "dequantize", kQuantise,
     "dequantize_tinygemm[M={N},K={K},group={group},quant_min=0,quant_max=15,code=u8]"},
    {"pack", "dequantize", kQuantise, "nncf_decompress[R={N},columns={K},bits=4]"},
    {"pack", "dequantize", kQuantise, "ov_unpack[count={N*K},type=nf4]"},
    {"linear", "lookup", kNoBar, "embedding_q4gsw[M={M},N={N},K={K},group={group}]"},
    {"linear", "linear", kNoBar, "linear_q4gsw[M={M},N={N},K={K},group={group}]"},
    {"linear", "int8 linear", kNoBar, "linear_dq8ca_q4gsw[M={M},N={N},K={K},group={group}]"},
};

std::string filled(std::string_view text, const Extents& shape) {
  const Sizes sizes = {{"M", shape.M}, {"N", shape.N}, {"K", shape.K}, {"group", shape.group}};
  std::string name;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    name += text.substr(0, open);
    if (open == text.npos) break;
    const std::size_t close = text.find('}', open);
    PLUMB_CHECK(close != text.npos);
    name += fmt::format("{}", evaluate_formula(std::string(text.substr(open + 1, close - open - 1)), sizes));
    text.remove_prefix(close + 1);
  }
  return name + "/exact#0";
}

void check_groups(const std::vector<std::string>& groups) {
  const std::vector<std::string> known = group_names();
  for (const std::string& group : groups) {
    if (std::ranges::find(known, group) != known.end()) continue;
    throw Error(fmt::format("bench: group '{}' is unknown; there are: {}", group, nearest_names(group, known)));
  }
}

}  // namespace

std::vector<std::string> group_names() {
  std::vector<std::string> names;
  for (const Template& entry : kTemplates) {
    if (std::ranges::find(names, entry.group) == names.end()) names.emplace_back(entry.group);
  }
  names.emplace_back(kRepackGroup);
  return names;
}

Extents parse_shape_flag(std::string_view text, std::int64_t group) {
  std::vector<std::int64_t> dims;
  const char *at = text.data(), *end = text.data() + text.size();
  for (bool more = true; more;) {
    std::int64_t dim = 0;
    const auto [next, error] = std::from_chars(at, end, dim);
    if (error != std::errc{} || dim < 1) break;
    dims.push_back(dim);
    at = next;
    more = at != end && *at == 'x';
    at += more ? 1 : 0;
  }
  if (at != end || (dims.size() != 2 && dims.size() != 3) || text.ends_with('x')) {
    throw Error(fmt::format("--shape: expected NxK or MxNxK, e.g. 4096x4096 or 32x4096x4096, got '{}'", text));
  }
  if (dims.size() == 2) dims.insert(dims.begin(), 1);
  if (dims[2] % group != 0) {
    throw Error(fmt::format("--shape: expected a K that is a multiple of --group {}, got {}", group, dims[2]));
  }
  return {dims[0], dims[1], dims[2], group};
}

std::vector<BenchCase> plan_bench(const std::vector<std::string>& groups, std::string_view op_pattern,
                                  const std::vector<Extents>& shapes, const std::vector<std::string>& others) {
  check_groups(groups);
  std::vector<BenchCase> plan;
  std::set<std::string> ops, planned;
  for (const Template& entry : kTemplates) {
    const std::string op(entry.text, std::string_view(entry.text).find('['));
    if (!groups.empty() && std::ranges::find(groups, entry.group) == groups.end()) continue;
    ops.insert(op);
    if (!glob_match(op_pattern, op)) continue;
    for (const Extents& shape : shapes) {
      const std::string name = filled(entry.text, shape);
      // Shapes that differ in M alone are one to whatever has no M.
      const bool reads_once = shape.M == 1 && std::string_view(entry.kind).ends_with("linear");
      if (planned.insert(name).second)
        plan.push_back({entry.kind, parse_case(name), entry.bar, reads_once ? kReadOnce : kNoBar});
    }
  }
  const auto is_named = [&](const std::string& other) { return glob_match(op_pattern, other); };
  if (!plan.empty() || std::ranges::any_of(others, is_named)) return plan;
  ops.insert(others.begin(), others.end());
  throw Error(fmt::format("--op '{}' matches no operator that is measured; nearest: {}", op_pattern,
                          nearest_names(op_pattern, {ops.begin(), ops.end()})));
}

}  // namespace plumb::bench
