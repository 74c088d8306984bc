// A quantisation scheme by its name: which format each linear layer of a model gets.
//
//   nncf.u2:g64                       every linear layer but the head, groups of 64 columns
//   nncf.u4:g128:asym                 groups have zero points
//   et_vk.q4gsw:g32:tied              the embedding and the head as well; where they are tied, as one weight
//   et_vk.qcs4w:row                   one scale a row
//   nncf.u2:g64+nncf.u4:g64@3         the first or the second format by the layers' sensitivity, 3 bits a weight on
//                                     average (of codes, as OpenVINO's tables count)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runners/accuracy/formats.h"

namespace plumb::accuracy {

/// A format with its parameters.
struct Part {
  const Format* format;
  Choices choices;
};

struct Scheme {
  std::string name;  ///< As it was given.
  Part part;
  std::optional<Part> better = {};  ///< Of a mix: what sensitive layers get.
  double average_bits = 0;          ///< Of a mix: what codes may take on average.
  bool tied = false;                ///< Embedding and head are quantised, too.
};

/// Throws Error saying what was expected, with the nearest names.
[[nodiscard]] Scheme parse_scheme(std::string_view text);

/// What is evaluated unless told otherwise: four schemes of three systems.
[[nodiscard]] const std::vector<std::string>& default_schemes();

}  // namespace plumb::accuracy
