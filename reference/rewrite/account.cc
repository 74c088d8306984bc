// Where the constants of a rewritten graph come from.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "reference/error.h"
#include "reference/rewrite/prove.h"

namespace plumb::graph {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t kLargest = std::size_t{1} << 26;  ///< Bytes that are computed with, element by element.

constexpr std::int64_t kNotable = 64;  ///< Bytes from which a second copy is a fault.

/// A way in which one constant is made of another; empty bytes: it is not.
struct Derivation {
  const char* text;
  Bytes (*make)(const Constant& from, const Type& to);
  bool expands = false;  ///< What a byte held takes several.
};

bool is_matrix(const Constant& constant, Element element) {
  return constant.type.element == element && constant.type.shape.size() == 2;
}

// Codes [N, K] of i8 packed two a byte; columns beyond K are code 0.
template <bool even_low>
Bytes packed(const Constant& from, const Type& to) {
  if (!is_matrix(from, Element::i8) || to.element != Element::u8 || to.shape.size() != 2 ||
      to.shape[0] != from.type.shape[0])
    return {};
  const std::int64_t rows = to.shape[0], width = to.shape[1], columns = from.type.shape[1];
  if (2 * width < columns || 2 * width >= columns + 16) return {};
  Bytes bytes(static_cast<std::size_t>(rows * width));
  const auto nibble = [&](std::int64_t n, std::int64_t k) {
    return static_cast<unsigned>(k < columns ? static_cast<int>(from.at(n * columns + k)) + 8 : 8) & 15U;
  };
  for (std::int64_t i = 0; i < rows * width; ++i) {
    const std::int64_t n = i / width, k = i % width * 2;
    bytes[static_cast<std::size_t>(i)] =
        static_cast<std::byte>(even_low ? nibble(n, k) | nibble(n, k + 1) << 4 : nibble(n, k + 1) | nibble(n, k) << 4);
  }
  return bytes;
}

bool same_size(const Constant& from, const Type& to) {
  return size_bytes(to.element, element_count(to.shape)) == static_cast<std::int64_t>(from.bytes.size());
}

Bytes swapped(const Constant& from, const Type& to) {
  if (from.type.element != Element::u8 || to.element != Element::u8 || !same_size(from, to)) return {};
  Bytes bytes(from.bytes.begin(), from.bytes.end());
  for (std::byte& byte : bytes) byte = byte << 4 | byte >> 4;
  return bytes;
}

Bytes top_bits_turned(const Constant& from, const Type& to) {
  if (to.element != Element::i4 || !same_size(from, to)) return {};
  Bytes bytes(from.bytes.begin(), from.bytes.end());
  for (std::byte& byte : bytes) byte ^= std::byte{0x88};
  return bytes;
}

// [N, G] -> [G, N], the last axis possibly padded with zeros.
Bytes transposed(const Constant& from, const Type& to) {
  const int bits = info(from.type.element).bits;
  if (from.type.element != to.element || bits < 8 || to.shape.size() != 2 || from.type.shape.empty() ||
      from.type.shape.size() > 2)
    return {};
  const std::int64_t n = from.type.shape[0], g = from.type.shape.size() == 2 ? from.type.shape[1] : 1,
                     width = to.shape[1];
  if (to.shape[0] != g || width < n || width >= n + 8) return {};
  const std::size_t size = static_cast<std::size_t>(bits / 8);
  Bytes bytes(static_cast<std::size_t>(g * width) * size);
  for (std::int64_t i = 0; i < n * g; ++i) {
    const std::int64_t at = i % g * width + i / g;
    std::memcpy(bytes.data() + static_cast<std::size_t>(at) * size,
                from.bytes.data() + static_cast<std::size_t>(i) * size, size);
  }
  return bytes;
}

Bytes padded(const Constant& from, const Type& to) {
  if (from.type.element != to.element || from.type.shape.size() != 1 || to.shape.size() != 1 ||
      to.shape[0] <= from.type.shape[0])
    return {};
  Bytes bytes(from.bytes.begin(), from.bytes.end());
  bytes.resize(static_cast<std::size_t>(size_bytes(to.element, to.shape[0])));
  return bytes;
}

// Sums of codes [N, K] over groups, [G, N padded], or over rows, [N padded].
Bytes sums(const Constant& from, const Type& to) {
  if (!is_matrix(from, Element::i8) || to.element != Element::i32 || to.shape.empty() || to.shape.size() > 2) return {};
  const std::int64_t n = from.type.shape[0], k = from.type.shape[1], width = to.shape.back();
  const std::int64_t groups = to.shape.size() == 2 ? to.shape[0] : 1;
  if (groups < 1 || k % groups != 0 || width < n || width >= n + 8) return {};
  std::vector<double> values(static_cast<std::size_t>(groups * width));
  for (std::int64_t i = 0; i < n * k; ++i)
    values[static_cast<std::size_t>(i % k / (k / groups) * width + i / k)] += from.at(i);
  const ConstantRef made = constant_of(Element::i32, to.shape, values);
  return {made->bytes.begin(), made->bytes.end()};
}

// One field a byte.
template <int bits>
Bytes widened(const Constant& from, const Type& to) {
  if (info(to.element).bits != 8 || to.element == Element::boolean) return {};
  if (from.type.element != Element::u8 && info(from.type.element).bits != bits) return {};
  if (element_count(to.shape) != static_cast<std::int64_t>(from.bytes.size()) * (8 / bits)) return {};
  Bytes bytes;
  for (const std::byte byte : from.bytes) {
    for (int at = 0; at < 8; at += bits) bytes.push_back(byte >> at & std::byte{(1U << bits) - 1});
  }
  return bytes;
}

constexpr Derivation kDerivations[] = {
    {"packed two a byte, even column low", packed<true>},
    {"packed two a byte, even column high", packed<false>},
    {"with its nibbles swapped", swapped},
    {"as i4, top bits turned", top_bits_turned},
    {"transposed", transposed},
    {"padded with zeros", padded},
    {"as sums of its codes", sums},
    {"one 2-bit field a byte", widened<2>, true},
    {"one nibble a byte", widened<4>, true},
};

std::string name_of(const Node& node) { return node.parameter.empty() ? node.name : node.parameter; }

// Nodes with constants, one for each identity.
std::vector<const Node*> constants_of(const Graph& graph) {
  std::vector<const Node*> nodes;
  std::unordered_set<const Constant*> seen;
  for (const Node& node : graph.nodes) {
    if (!node.removed && node.constant != nullptr && seen.insert(node.constant.get()).second) nodes.push_back(&node);
  }
  return nodes;
}

// The constants that somebody reads.
std::unordered_set<const Constant*> read_constants(const Graph& graph) {
  std::unordered_set<const Constant*> read;
  const Readers readers = readers_of(graph);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    if (!readers[i].empty()) read.insert(graph.nodes[i].constant.get());
  }
  return read;
}

bool same_bytes(const Constant& a, const Constant& b) {
  return a.bytes.size() == b.bytes.size() && (a.bytes.data() == b.bytes.data() || std::ranges::equal(a.bytes, b.bytes));
}

class Accountant {
 public:
  Accountant(const Graph& before, const Graph& after)
      : before_(before),
        after_(after),
        old_(constants_of(before)),
        read_before_(read_constants(before)),
        read_after_(read_constants(after)) {
    for (const Node* node : old_) by_size_[node->constant->bytes.size()].push_back(node);
  }

  Account account() {
    Account result;
    std::unordered_map<std::string, std::vector<std::string>> takers;
    for (const Node* node : constants_of(after_)) {
      ConstantLine line{name_of(*node), node->constant->type, static_cast<std::int64_t>(node->constant->bytes.size()),
                        origin(*node)};
      if (line.origin.empty()) {
        result.faults.push_back(
            fmt::format("constant '{}' ({}) is made of no constant before", line.name, to_string(line.type)));
      }
      if (is_expanded_) {
        result.expansions.push_back(
            fmt::format("'{}' is expanded: {} bytes of {}", line.name, line.size_bytes, line.origin));
        result.faults.push_back(result.expansions.back());
      }
      note_unread(*node->constant, line, result);
      std::vector<std::string>& others = takers[line.origin];
      others.push_back(line.name);
      if (line.size_bytes >= kNotable && source_ != nullptr && others.size() > same_before(*source_->constant)) {
        result.faults.push_back(fmt::format("'{}' and '{}' are two copies of {}", others[0], line.name, line.origin));
      }
      result.lines.push_back(std::move(line));
    }
    for (const Node& node : after_.nodes) {
      if (!node.removed && node.kind == Kind::constant && node.constant == nullptr && has_bytes(node.parameter)) {
        result.faults.push_back(fmt::format("parameter '{}' has lost its bytes", node.parameter));
      }
    }
    return result;
  }

 private:
  // What is left of a constant whose readers are gone, or was made for none.
  void note_unread(const Constant& constant, const ConstantLine& line, Account& result) const {
    if (read_after_.contains(&constant) || (source_ != nullptr && !read_before_.contains(source_->constant.get())))
      return;
    const bool is_old = source_ != nullptr && same_bytes(*source_->constant, constant);
    result.notes.push_back(fmt::format("'{}' is {}, {} bytes, but nobody reads it{}", line.name,
                                       is_old ? "still there" : "new", line.size_bytes, is_old ? " any more" : ""));
  }

  // How many constants before have these bytes: so many copies of what is made of one are none too many.
  std::size_t same_before(const Constant& constant) const {
    const auto same = by_size_.find(constant.bytes.size());
    return static_cast<std::size_t>(
        std::ranges::count_if(same->second, [&](const Node* old) { return same_bytes(*old->constant, constant); }));
  }

  bool has_bytes(const std::string& parameter) const {
    return std::ranges::any_of(old_, [&](const Node* node) { return node->parameter == parameter; });
  }

  // Candidates: the parameter of the same name first.
  std::string origin(const Node& node) {
    is_expanded_ = false;
    source_ = nullptr;
    const Constant& constant = *node.constant;
    std::vector<const Node*> same = by_size_[constant.bytes.size()];
    std::ranges::stable_partition(same, [&](const Node* old) { return name_of(*old) == name_of(node); });
    for (const Node* old : same) {
      if (!same_bytes(*old->constant, constant)) continue;
      source_ = old;
      if (old->constant->type == constant.type) return fmt::format("'{}', kept", name_of(*old));
      return fmt::format("the bytes of '{}' as {}", name_of(*old), to_string(constant.type));
    }
    std::string derived = derivation(node);
    return derived.empty() ? folded(constant) : derived;
  }

  std::string derivation(const Node& node) {
    std::vector<const Node*> all = old_;
    const std::string own = name_of(node).substr(0, name_of(node).find(" as "));
    std::ranges::stable_partition(all, [&](const Node* old) { return name_of(*old) == own; });
    for (const Node* old : all) {
      for (const Derivation& derivation : kDerivations) {
        const Bytes bytes = derivation.make(*old->constant, node.constant->type);
        if (bytes.empty() || !std::ranges::equal(bytes, node.constant->bytes)) continue;
        source_ = old;
        is_expanded_ = derivation.expands;
        return fmt::format("'{}' {}", name_of(*old), derivation.text);
      }
    }
    return "";
  }

  // A value that the graph before computed from constants alone; larger than those: it is expanded.
  std::string folded(const Constant& constant) {
    compute_values();
    for (const auto& [value, node, source, precision] : values_) {
      if (value->type.element != constant.type.element || !same_bytes(*value, constant)) continue;
      is_expanded_ = source > 0 && static_cast<std::int64_t>(constant.bytes.size()) > source;
      return fmt::format("the value of '{}' ({}{})", before_.nodes[static_cast<std::size_t>(node)].name,
                         to_string(value->type),
                         precision == Precision::exact ? ", without the roundings on the way" : "");
    }
    // A literal that an importer makes of an argument: a shape, a mask, an axis.
    return constant.size() <= 8 && !info(constant.type.element).is_float ? "a literal"
           : constant.size() == 1                                        ? "a literal"
                                                                         : "";
  }

  void compute_values();

  const Graph &before_, &after_;
  std::vector<const Node*> old_;
  std::unordered_set<const Constant*> read_before_, read_after_;
  std::unordered_map<std::size_t, std::vector<const Node*>> by_size_;
  struct Value {
    ConstantRef value;
    int node;
    std::int64_t source;  ///< Bytes of the largest constant that it is made of.
    Precision precision;  ///< That it was computed with. What is rounded on the way comes first.
  };
  std::vector<Value> values_;
  bool computed_ = false, is_expanded_ = false;
  const Node* source_ = nullptr;  ///< What the last constant was made of; null: of none, or computed.
};

void Accountant::compute_values() {
  if (std::exchange(computed_, true)) return;
  std::vector<std::int64_t> source(before_.nodes.size(), -1);  // -1: depends on an input
  for (const int i : sorted(before_)) {
    const Node& node = before_.nodes[static_cast<std::size_t>(i)];
    std::int64_t& own = source[static_cast<std::size_t>(i)];
    if (node.kind == Kind::constant && node.constant != nullptr)
      own = static_cast<std::int64_t>(node.constant->bytes.size());
    if (node.kind != Kind::call || node.results.size() != 1 || find_operator(node.op) == nullptr) continue;
    std::int64_t largest = 0;
    for_each_input(node, [&](const Ref& ref) {
      const std::int64_t other = source[static_cast<std::size_t>(ref.node)];
      largest = largest < 0 || other < 0 ? -1 : std::max(largest, other);
    });
    if (largest <= 0 || largest > static_cast<std::int64_t>(kLargest)) continue;
    own = largest;
    try {
      for (const Precision precision : {Precision::upstream, Precision::exact})
        values_.push_back({constant_of(constant_value(before_, {i, 0}, precision)), i, largest, precision});
    } catch (const Error&) {  // what cannot be computed is the origin of nothing
      own = -1;
    }
  }
}

}  // namespace

Account account_constants(const Graph& before, const Graph& after) { return Accountant(before, after).account(); }

}  // namespace plumb::graph
