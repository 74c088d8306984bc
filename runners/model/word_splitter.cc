#include "runners/model/word_splitter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pcre2.h>

#include <array>

#include "reference/error.h"

namespace plumb::model {
namespace {

struct KnownPattern {
  const char* owner;
  std::string pattern;
};

// As they stand in the tokenizer.json of these models.
const std::vector<KnownPattern>& known_patterns() {
  static const std::vector<KnownPattern> patterns = {
      {"GPT-2", R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
      {"Llama 3",
       R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
      {"Qwen 2 and 3",
       R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"}};
  return patterns;
}

std::string pcre_message(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct WordSplitter::Compiled {
  explicit Compiled(const std::string& pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP, &error,
                         &at, nullptr);
    PLUMB_CHECK(code != nullptr);  // only patterns of ours come here
    match = pcre2_match_data_create_from_pattern(code, nullptr);
    PLUMB_CHECK(match != nullptr);
  }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() {
    pcre2_match_data_free(match);
    pcre2_code_free(code);
  }

  // Where the first match at or behind `from` begins and ends; npos if there is none.
  [[nodiscard]] std::pair<std::size_t, std::size_t> find(std::string_view text, std::size_t from) const {
    const int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                                  from > 0 ? PCRE2_NO_UTF_CHECK : 0, match, nullptr);
    if (found == PCRE2_ERROR_NOMATCH) return {std::string_view::npos, std::string_view::npos};
    if (found < 0) throw Error(fmt::format("the text cannot be split into words: {}", pcre_message(found)));
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match);
    return {range[0], range[1]};
  }

  pcre2_code* code;
  pcre2_match_data* match;
};

WordSplitter::WordSplitter(const std::string& pattern) {
  std::vector<std::string> owners;
  for (const KnownPattern& known : known_patterns()) {
    if (known.pattern == pattern) {
      compiled_ = std::make_unique<Compiled>(pattern);
      return;
    }
    owners.emplace_back(known.owner);
  }
  throw Error(fmt::format("expected the pattern of {}, got '{}'", fmt::join(owners, ", "), pattern));
}
WordSplitter::~WordSplitter() = default;
WordSplitter::WordSplitter(WordSplitter&&) noexcept = default;

std::vector<std::string_view> WordSplitter::split(std::string_view text) const {
  std::vector<std::string_view> pieces;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto [begin, end] = compiled_->find(text, at);
    if (begin == std::string_view::npos) break;
    if (begin > at) pieces.push_back(text.substr(at, begin - at));
    pieces.push_back(text.substr(begin, end - begin));
    PLUMB_CHECK(end > begin);  // no alternative of theirs matches nothing
    at = end;
  }
  if (at < text.size()) pieces.push_back(text.substr(at));
  return pieces;
}

const std::string& WordSplitter::gpt2_pattern() { return known_patterns()[0].pattern; }

// Marks compose with what stands before them; the other ranges hold characters that decompose or compose by themselves:
// Jamo, single characters of U+0340 … U+2ADC, compatibility ideographs (UAX #15, Composition Exclusions).
bool is_surely_nfc(std::string_view text) {
  static const WordSplitter::Compiled unstable(
      R"([\p{M}\x{0374}\x{037E}\x{0387}\x{1100}-\x{11FF}\x{1F71}-\x{1FFF}\x{2000}\x{2001}\x{2126}\x{212A}\x{212B}\x{2329}\x{232A}\x{2ADC}\x{F900}-\x{FAFF}\x{FB1D}-\x{FB4E}\x{1D15E}-\x{1D1C0}\x{2F800}-\x{2FA1F}])");
  return text.empty() || unstable.find(text, 0).first == std::string_view::npos;
}

}  // namespace plumb::model
