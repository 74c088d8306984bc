// A Hugging Face config.json as a decoder's sizes and constants.
#pragma once

#include <filesystem>

#include "reference/model/config.h"

namespace plumb::model {

/// Reads DIR/config.json. Throws Error naming the file and the key for what is missing, of the wrong type or out of
/// range, and for whatever this decoder does not have: another architecture, activation, rotary stretching, sliding
/// windows, quantised weights.
[[nodiscard]] Config read_config(const std::filesystem::path& folder);

}  // namespace plumb::model
