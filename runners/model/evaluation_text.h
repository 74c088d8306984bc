// What a model is evaluated on: tokens in windows, and passages whose last word is to be guessed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runners/model/tokenizer.h"

namespace plumb::model {

/// A text without its last word, as tokens, and that word.
struct Passage {
  std::vector<std::int32_t> context, word;
};

/// Tokens from a .npy file of 32- or 64-bit integers. Throws Error naming the file, and the first token that is not in
/// [0, vocabulary).
[[nodiscard]] std::vector<std::int32_t> read_tokens(const std::filesystem::path& file, std::int64_t vocabulary);

/// A whole file as text. Throws Error if it cannot be read.
[[nodiscard]] std::string read_text(const std::filesystem::path& file);

/// Passages from a JSON list of {"context": …, "word": …}; the first `most` of them. Throws Error naming the file and
/// the entry. An empty context or word is refused.
[[nodiscard]] std::vector<Passage> read_passages(const std::filesystem::path& file, const Tokenizer& tokenizer,
                                                 std::int64_t most);

}  // namespace plumb::model
