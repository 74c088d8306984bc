// Byte-level byte-pair encoding, as tokenizer.json describes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runners/model/word_splitter.h"

namespace plumb::model {

/// A tokenizer of the Hugging Face tokenizers library: model BPE over bytes, pre-tokenizer ByteLevel, alone or behind a
/// Split with a known pattern.
class Tokenizer {
 public:
  /// Throws Error naming the file and what is wrong or not supported: another model, pre-tokenizer, pattern or
  /// normaliser, options of BPE that change its result, a token that is no small whole number or that two texts claim.
  explicit Tokenizer(const std::filesystem::path& file);

  /// Tokens of a text; special tokens in it are recognised. Nothing is added before or behind. Throws Error if the text
  /// is not UTF-8, or would be changed by a normaliser that this program does not have.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;

  /// The text that tokens stand for; inverse of encode. Throws Error for a token that there is not.
  [[nodiscard]] std::string decode(std::span<const std::int32_t> tokens) const;

  /// Number of tokens, special ones included.
  [[nodiscard]] std::int64_t size() const { return std::ssize(texts_); }

 private:
  Tokenizer(const std::filesystem::path& file, const nlohmann::json& root);
  void read_tokens(const nlohmann::json& root, const nlohmann::json& vocabulary);
  void spell_tokens();
  void encode_words(std::string_view text, std::vector<std::int32_t>& tokens) const;
  void encode_word(std::string_view word, std::vector<std::int32_t>& tokens) const;

  std::filesystem::path file_;
  WordSplitter splitter_;
  bool normalises_ = false;         // NFC
  bool whole_words_first_ = false;  // a word that is a token is one, whatever merges say
  std::unordered_map<std::string, std::int32_t> vocabulary_;
  std::unordered_map<std::string, std::int32_t> ranks_;  // of the merge "left right"
  std::vector<std::pair<std::string, std::int32_t>> special_;
  std::vector<std::string> texts_;    // of each token, as bytes
  std::vector<std::string> letters_;  // what each byte is written as in the vocabulary
};

}  // namespace plumb::model
