// Which formats can a model's weights be quantised to? formats.cc is the table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runners/accuracy/activation.h"
#include "runners/accuracy/quantised_weight.h"

namespace plumb::accuracy {

/// What a scheme says of its format's parameters.
struct Choices {
  std::int64_t group = 0;   ///< Columns that share a scale; 0: a whole row.
  bool asymmetric = false;  ///< Groups have zero points.
};

/// A format: how weights get their codes, and the operator that takes them.
struct Format {
  const char* name;     ///< "<system>.<format>"
  const char* summary;  ///< One line.
  int bits;             ///< Of a code.
  std::int64_t default_group;
  bool groups;             ///< Whether the size of groups can be chosen.
  bool may_be_asymmetric;  ///< Whether `asym` makes sense. A format that always has zero points does not ask.
  Activation activation;
  /// Codes, scales and zero points of an f32 weight [N, K], by the reference quantiser of the format. The group divides
  /// K, and all elements are finite.
  QuantisedWeight (*quantise)(const Tensor& weight, const Format& format, const Choices& choices);
  PackedWeight (*pack)(const QuantisedWeight& weight, const Format& format, const Choices& choices);
  /// The same as the table of an embedding; nullptr: no operator looks rows of this format up.
  PackedWeight (*pack_table)(const QuantisedWeight& weight);
};

/// All formats.
[[nodiscard]] std::span<const Format> all_formats();
/// Throws Error naming the nearest ones.
[[nodiscard]] const Format& format_named(std::string_view name);

}  // namespace plumb::accuracy
