#include "reference/quant/uintx.h"

#include <fmt/format.h>

#include "reference/layout/layouts.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

const char* const kSource = "torchao 0.18.0, torchao/prototype/dtypes/uintx/bitpacking.py";
constexpr std::int64_t kWidths[] = {4, 2, 1};

// The packed dimension as columns of a layout, all others as its rows.
struct Axes {
  explicit Axes(const Signature& s) : bits(s["bits"]), outer(s["outer"]), n(s["n"]), inner(s["inner"]) {}

  [[nodiscard]] const Layout& layout() const { return layout_named(fmt::format("torchao.uintx{}", bits)); }
  [[nodiscard]] Extent extent() const { return {outer * inner, n}; }
  [[nodiscard]] std::int64_t shard_columns(std::int64_t width) const { return (bits & width) != 0 ? n * width / 8 : 0; }

  // Calls visit(row-major position in [outer, columns, inner], position in [outer * inner, columns]) for all elements.
  template <typename Visit>
  void for_each(std::int64_t columns, const Visit& visit) const {
    for (std::int64_t row = 0; row < outer * inner; ++row) {
      for (std::int64_t column = 0; column < columns; ++column) {
        visit((row / inner * columns + column) * inner + row % inner, row * columns + column);
      }
    }
  }

  std::int64_t bits, outer, n, inner;
};

Answer evaluate_pack(const Problem& problem) {
  const Axes axes(problem.signature);
  const std::span<const std::uint8_t> elements = problem.inputs[0].codes();
  std::vector<int> codes(elements.size());
  axes.for_each(axes.n, [&](std::int64_t element, std::int64_t code) {
    codes[static_cast<std::size_t>(code)] = elements[static_cast<std::size_t>(element)] & ((1 << axes.bits) - 1);
  });
  const std::vector<std::uint8_t> bytes = pack(axes.layout(), axes.extent(), codes);
  Answer answer;
  std::int64_t start = 0;
  for (const std::int64_t width : kWidths) {
    const std::int64_t columns = axes.shard_columns(width);
    std::vector<double> shard(static_cast<std::size_t>(axes.outer * columns * axes.inner));
    axes.for_each(columns, [&](std::int64_t element, std::int64_t byte) {
      shard[static_cast<std::size_t>(element)] = bytes[static_cast<std::size_t>(start + byte)];
    });
    start += std::ssize(shard);
    answer.push_back({std::move(shard), {}, {}, {}});
  }
  return answer;
}

Answer evaluate_unpack(const Problem& problem) {
  const Axes axes(problem.signature);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(axes.layout().size_bytes(axes.extent())));
  std::int64_t start = 0;
  for (std::size_t i = 0; i < std::size(kWidths); ++i) {
    const std::span<const std::uint8_t> shard = problem.inputs[i].codes();
    axes.for_each(axes.shard_columns(kWidths[i]), [&](std::int64_t element, std::int64_t byte) {
      bytes[static_cast<std::size_t>(start + byte)] = shard[static_cast<std::size_t>(element)];
    });
    start += std::ssize(shard);
  }
  const std::vector<int> codes = unpack(axes.layout(), axes.extent(), bytes);
  std::vector<double> value(codes.size());
  axes.for_each(axes.n, [&](std::int64_t element, std::int64_t code) {
    value[static_cast<std::size_t>(element)] = codes[static_cast<std::size_t>(code)];
  });
  return prescribed(std::move(value));
}

std::vector<Port> shard_ports() {
  const auto port = [](const char* name, const char* meaning, const char* shape) {
    return Port{.name = name, .meaning = meaning, .dtype = "u8", .shape = shape, .fill = Fill::bytes};
  };
  return {
      port("shard4", "the low four bits, two codes a byte; empty if bits < 4", "outer, n/2 * (bits / 4), inner"),
      port("shard2", "the next two bits, four codes a byte; empty if bits is 1, 4 or 5",
           "outer, n/4 * (bits / 2 % 2), inner"),
      port("shard1", "the highest bit, eight codes a byte; empty if bits is even", "outer, n/8 * (bits % 2), inner"),
  };
}

Port codes_port() { return {.name = "codes", .meaning = "one code a byte", .dtype = "u8", .shape = "outer, n, inner"}; }

Op uintx_op(std::string name, std::string summary) {
  return {
      .name = std::move(name),
      .summary = std::move(summary),
      .source = kSource,
      .semantics =
          "shard_w[.., r, ..] = sum over j of (codes[.., r + j m, ..] >> shift & (2^w - 1)) << jw, m = n w / 8, "
          "shift = the widths before w",
      .sizes = {{"outer", "product of the dimensions before the packed one", {1, 2, 3}},
                {"n", "the packed dimension", {8, 16, 24, 64, 72, 120, 128, 136, 256, 264, 1032}},
                {"inner", "product of the dimensions after it", {1, 2, 5, 16, 33}}},
      .params = {{"bits", "bits of a code", Param::Kind::integer, {1, 2, 3, 4, 5, 6, 7}, std::nullopt}},
      .inputs = {},
      .outputs = {},
      .constraints = {{"bits >= 1 && bits <= 7", "eight bits need no packing"},
                      {"n % 8 == 0", "codes fill the bytes of every shard"}},
      .evaluate = {},
  };
}

}  // namespace

Op pack_uintx() {
  Op op = uintx_op("pack_uintx", "packs codes of 1 to 7 bits into strided shards of 4, 2 and 1 bits");
  op.inputs = {codes_port()};
  op.outputs = shard_ports();
  op.evaluate = evaluate_pack;
  return op;
}

Op unpack_uintx() {
  Op op = uintx_op("unpack_uintx", "unpacks codes of 1 to 7 bits from strided shards of 4, 2 and 1 bits");
  op.inputs = shard_ports();
  op.outputs = {codes_port()};
  op.evaluate = evaluate_unpack;
  return op;
}

}  // namespace plumb
