// Splitting of text into the pieces that byte-pair encoding works on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plumb::model {

/// A regular expression of those that byte-level tokenizers split text with. Only known ones are accepted: what another
/// engine makes of an unknown one would be a guess.
class WordSplitter {
 public:
  struct Compiled;  ///< The engine's.

  /// Throws Error quoting the expression if it is none of the known ones (GPT-2, Llama 3, Qwen 2 and 3).
  explicit WordSplitter(const std::string& pattern);
  ~WordSplitter();
  WordSplitter(WordSplitter&&) noexcept;
  WordSplitter& operator=(WordSplitter&&) = delete;

  /// The matches and what lies between them, in order; together they are the text. Throws Error if the text is not
  /// UTF-8.
  [[nodiscard]] std::vector<std::string_view> split(std::string_view text) const;

  /// GPT-2's, which tokenizers call ByteLevel with use_regex.
  [[nodiscard]] static const std::string& gpt2_pattern();

 private:
  std::unique_ptr<Compiled> compiled_;
};

/// Whether Unicode's normalisation form C surely leaves the text as it is: it has no combining marks, conjoining Jamo
/// or characters with a canonical decomposition of their own. Throws Error if it is not UTF-8.
[[nodiscard]] bool is_surely_nfc(std::string_view text);

}  // namespace plumb::model
