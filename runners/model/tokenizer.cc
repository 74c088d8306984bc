#include "runners/model/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "reference/error.h"
#include "runners/model/shown.h"

namespace plumb::model {
namespace {

using Json = nlohmann::json;

constexpr std::int32_t kLargestToken = 1 << 24;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw Error(fmt::format("{}: {}", file.string(), what));
}

Json read_json_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) refuse(file, "there is no such file");
  Json root = Json::parse(in, nullptr, false);
  if (!root.is_object()) refuse(file, "expected a JSON object");
  return root;
}

const Json& field(const std::filesystem::path& file, const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) refuse(file, fmt::format("{}: expected a value, got none", key));
  return object[key];
}

std::string word(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

bool is_set(const Json& object, const char* key) {
  return object.contains(key) && !object[key].is_null() && object[key] != false && object[key] != "" &&
         object[key] != 0;
}

// ByteLevel splits with a pattern of its own unless it is told not to.
bool uses_regex(const Json& level) { return !level.contains("use_regex") || is_set(level, "use_regex"); }

// Which pattern a pre-tokenizer splits with.
std::string pattern_of(const std::filesystem::path& file, const Json& splitter) {
  const auto check_byte_level = [&](const Json& level) {
    if (word(level, "type") != "ByteLevel") {
      refuse(file, fmt::format("pre_tokenizer: expected ByteLevel, got '{}'", word(level, "type")));
    }
    if (is_set(level, "add_prefix_space")) refuse(file, "pre_tokenizer: add_prefix_space: expected false");
  };
  if (word(splitter, "type") != "Sequence") {
    check_byte_level(splitter);
    if (!uses_regex(splitter)) {
      refuse(file, "pre_tokenizer: expected ByteLevel with use_regex, or behind a Split");
    }
    return WordSplitter::gpt2_pattern();
  }
  const Json& steps = field(file, splitter, "pretokenizers");
  const bool known = steps.is_array() && steps.size() == 2 && word(steps[0], "type") == "Split";
  if (known) check_byte_level(steps[1]);
  if (!known || uses_regex(steps[1])) {
    refuse(file, "pre_tokenizer: expected a Sequence of Split and ByteLevel without use_regex");
  }
  if (word(steps[0], "behavior") != "Isolated" || is_set(steps[0], "invert")) {
    refuse(file, "pre_tokenizer: expected a Split with behavior Isolated, not inverted");
  }
  return word(field(file, steps[0], "pattern"), "Regex");
}

WordSplitter splitter_of(const std::filesystem::path& file, const Json& root) {
  const std::string pattern = pattern_of(file, field(file, root, "pre_tokenizer"));
  try {
    return WordSplitter(pattern);
  } catch (const Error& error) {
    refuse(file, fmt::format("pre_tokenizer: {}", error.what()));
  }
}

std::string utf8(std::uint32_t code_point) {
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  return {static_cast<char>(0xC0 | code_point >> 6), static_cast<char>(0x80 | (code_point & 0x3F))};
}

// GPT-2's bytes_to_unicode: printable bytes of Latin-1 stand for themselves, the others for U+0100 and up.
std::vector<std::string> byte_letters() {
  std::vector<std::string> letters;
  std::uint32_t next = 0x100;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    letters.push_back(utf8(printable ? byte : next++));
  }
  return letters;
}

std::string merge_text(const std::filesystem::path& file, const Json& merge) {
  if (merge.is_string()) return merge.get<std::string>();
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  }
  refuse(file, fmt::format("model.merges: expected pairs of words, got {}", shown(merge)));
}

void check_model(const std::filesystem::path& file, const Json& model) {
  if (word(model, "type") != "BPE") refuse(file, fmt::format("model: expected BPE, got '{}'", word(model, "type")));
  for (const char* option :
       {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"}) {
    if (is_set(model, option)) refuse(file, fmt::format("model.{}: expected none", option));
  }
}

// The token that a text is given. `place` is where in the file.
std::int32_t token_of(const std::filesystem::path& file, const char* place, const std::string& text,
                      const Json& value) {
  const double number = value.is_number_integer() ? value.get<double>() : -1;
  if (!(number >= 0 && number <= kLargestToken)) {
    refuse(file,
           fmt::format("{}: '{}': expected a token from 0 to {}, got {}", place, text, kLargestToken, shown(value)));
  }
  return static_cast<std::int32_t>(number);
}

}  // namespace

Tokenizer::Tokenizer(const std::filesystem::path& file) : Tokenizer(file, read_json_file(file)) {}

Tokenizer::Tokenizer(const std::filesystem::path& file, const Json& root)
    : file_(file), splitter_(splitter_of(file, root)), letters_(byte_letters()) {
  const Json& model = field(file, root, "model");
  check_model(file, model);
  if (is_set(root, "normalizer")) {
    if (word(root["normalizer"], "type") != "NFC") {
      refuse(file, fmt::format("normalizer: expected none or NFC, got '{}'", word(root["normalizer"], "type")));
    }
    normalises_ = true;
  }
  whole_words_first_ = is_set(model, "ignore_merges");
  read_tokens(root, field(file, model, "vocab"));
  spell_tokens();
  for (const Json& merge : field(file, model, "merges")) {
    ranks_.emplace(merge_text(file, merge), static_cast<std::int32_t>(ranks_.size()));
  }
  for (const std::string& letter : letters_) {
    if (!vocabulary_.contains(letter)) refuse(file, fmt::format("model.vocab: lacks '{}', a byte's letter", letter));
  }
}

void Tokenizer::read_tokens(const Json& root, const Json& vocabulary) {
  std::unordered_map<std::int32_t, std::string> owners;
  const auto claim = [&](const char* place, const std::string& text, const Json& value) {
    const std::int32_t token = token_of(file_, place, text, value);
    const auto [owner, fresh] = owners.emplace(token, text);
    if (!fresh && owner->second != text) {  // a special token may be in the vocabulary, too
      refuse(file_, fmt::format("{}: '{}' and '{}' are both token {}", place, owner->second, text, token));
    }
    return token;
  };
  for (const auto& [text, value] : vocabulary.items()) vocabulary_[text] = claim("model.vocab", text, value);
  if (!root.contains("added_tokens")) return;
  for (const Json& added : root["added_tokens"]) {
    const std::string text = word(added, "content");
    if (text.empty()) refuse(file_, "added_tokens: expected the text of each in 'content'");
    special_.emplace_back(text, claim("added_tokens", text, field(file_, added, "id")));
  }
}

void Tokenizer::spell_tokens() {
  std::unordered_map<std::string, char> bytes;
  for (std::size_t byte = 0; byte < letters_.size(); ++byte) bytes[letters_[byte]] = static_cast<char>(byte);
  const auto text_of = [&](std::int32_t token) -> std::string& {
    if (token >= std::ssize(texts_)) texts_.resize(static_cast<std::size_t>(token) + 1);
    return texts_[static_cast<std::size_t>(token)];
  };
  for (const auto& [letters, token] : vocabulary_) {
    std::string& text = text_of(token);
    for (std::size_t i = 0; i < letters.size();) {
      const std::size_t length = static_cast<unsigned char>(letters[i]) < 0x80 ? 1 : 2;
      const auto byte = bytes.find(letters.substr(i, length));
      if (byte != bytes.end()) text += byte->second;
      i += length;
    }
  }
  for (const auto& [text, token] : special_) text_of(token) = text;
}

std::string Tokenizer::decode(std::span<const std::int32_t> tokens) const {
  std::string text;
  for (const std::int32_t token : tokens) {
    if (token < 0 || token >= size()) throw Error(fmt::format("{}: there is no token {}", file_.string(), token));
    text += texts_[static_cast<std::size_t>(token)];
  }
  return text;
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> tokens;
  if (normalises_ && !is_surely_nfc(text)) {
    throw Error(
        fmt::format("{}: normalizer: NFC may change this text; give it in normalisation form C and without "
                    "combining marks",
                    file_.string()));
  }
  while (!text.empty()) {
    // The special token that comes first, and of those that begin there the longest.
    std::size_t first = std::string_view::npos;
    const std::pair<std::string, std::int32_t>* found = nullptr;
    for (const auto& special : special_) {
      const std::size_t at = text.find(special.first);
      if (at == std::string_view::npos) continue;
      if (at > first || (at == first && special.first.size() < found->first.size())) continue;
      first = at;
      found = &special;
    }
    encode_words(text.substr(0, first), tokens);
    if (found == nullptr) break;
    tokens.push_back(found->second);
    text.remove_prefix(first + found->first.size());
  }
  return tokens;
}

void Tokenizer::encode_words(std::string_view text, std::vector<std::int32_t>& tokens) const {
  for (const std::string_view piece : splitter_.split(text)) encode_word(piece, tokens);
}

// The pair of neighbours whose merge has the lowest rank becomes one, the leftmost first, until no pair has a merge.
void Tokenizer::encode_word(std::string_view bytes, std::vector<std::int32_t>& tokens) const {
  std::vector<std::string> parts;
  std::string whole;
  for (const char byte : bytes) {
    parts.push_back(letters_[static_cast<unsigned char>(byte)]);
    whole += parts.back();
  }
  if (whole_words_first_) {
    if (const auto token = vocabulary_.find(whole); token != vocabulary_.end()) return tokens.push_back(token->second);
  }
  while (parts.size() > 1) {
    std::int32_t best = std::numeric_limits<std::int32_t>::max();
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto rank = ranks_.find(parts[i] + " " + parts[i + 1]);
      if (rank == ranks_.end() || rank->second >= best) continue;
      best = rank->second;
      place = i;
    }
    if (best == std::numeric_limits<std::int32_t>::max()) break;
    parts[place] += parts[place + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
  for (const std::string& part : parts) {
    const auto token = vocabulary_.find(part);
    if (token == vocabulary_.end())
      throw Error(fmt::format("{}: model.vocab: lacks '{}', which merges make", file_.string(), part));
    tokens.push_back(token->second);
  }
}

}  // namespace plumb::model
