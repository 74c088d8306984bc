#include "runners/model/tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "golden/draft.h"
#include "golden/golden.h"
#include "reference/error.h"
#include "reference/tensor.h"
#include "runners/model/evaluation_text.h"

namespace plumb::model {
namespace {

const std::filesystem::path kModel = PLUMB_SOURCE_DIR "/golden/model/qwen3-austen";
const std::string kQwen =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// The tokens were made by the real tokenizers library from a whole novel, whose text they stand for.
TEST(Tokenizer, EncodesANovelAsTheTokenizersLibraryDid) {
  const Tokenizer tokenizer(kModel / "tokenizer.json");
  ASSERT_EQ(tokenizer.size(), 2048);
  const auto recorded = read_tokens(kModel / "eval_tokens.npy", tokenizer.size());
  ASSERT_GT(recorded.size(), 100000U);
  EXPECT_EQ(tokenizer.encode(tokenizer.decode(recorded)), recorded);
}

TEST(Tokenizer, FindsSpecialTokensInText) {
  const Tokenizer tokenizer(kModel / "tokenizer.json");
  const auto tokens = tokenizer.encode("Anne<|endoftext|> Elliot");
  EXPECT_EQ(std::ranges::count(tokens, 0), 1);
  EXPECT_EQ(tokenizer.decode(tokens), "Anne<|endoftext|> Elliot");
}

TEST(Tokenizer, EveryByteHasAToken) {
  const Tokenizer tokenizer(kModel / "tokenizer.json");
  const std::string text = "caf\u00e9 \u4e2d\u6587 \U0001F600\t\n\x01 ~";
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  EXPECT_THROW((void)tokenizer.encode("\xFF\xFE"), Error);
}

TEST(WordSplitter, SplitsAsThePatternsDo) {
  using Pieces = std::vector<std::string_view>;
  EXPECT_EQ(WordSplitter(WordSplitter::gpt2_pattern()).split("I'm  12 days, ok?\n"),
            (Pieces{"I", "'m", " ", " 12", " days", ",", " ok", "?", "\n"}));
  EXPECT_EQ(WordSplitter(kQwen).split("I'M  12 days,\n\nok"),
            (Pieces{"I", "'M", " ", " ", "1", "2", " days", ",\n\n", "ok"}));
  EXPECT_EQ(WordSplitter(kQwen).split(""), Pieces{});
}

TEST(WordSplitter, RefusesUnknownPatternsByName) {
  try {
    const WordSplitter unused("\\w+");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("\\w+"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("GPT-2, Llama 3, Qwen 2 and 3"), std::string::npos);
  }
}

TEST(WordSplitter, KnowsTextThatNormalisationLeavesAlone) {
  EXPECT_TRUE(is_surely_nfc("caf\u00e9 \u4e2d\u6587 \u2019"));
  EXPECT_FALSE(is_surely_nfc("cafe\u0301"));
  EXPECT_FALSE(is_surely_nfc("\u212b"));
  EXPECT_TRUE(is_surely_nfc(""));
}

// The tokenizer with one thing changed.
Tokenizer changed(const std::function<void(nlohmann::json&)>& change) {
  auto root = nlohmann::json::parse(read_text(kModel / "tokenizer.json"));
  change(root);
  const golden::TemporaryFolder folder;
  std::ofstream(folder / "tokenizer.json") << root;
  return Tokenizer(folder / "tokenizer.json");
}

std::string refusal(const std::function<void(nlohmann::json&)>& change) {
  std::string message;
  try {
    const Tokenizer tokenizer = changed(change);
    (void)tokenizer.encode("cafe\u0301");
  } catch (const Error& error) {
    message = error.what();
  }
  return message;
}

nlohmann::json split_with(const std::string& pattern) {
  return {{"type", "Sequence"},
          {"pretokenizers",
           {{{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}},
            {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
}

// Texts in tokens as the tokenizers library makes them with the patterns of Llama 3 and Qwen.
TEST(Tokenizer, SplitsAsTheTokenizersLibraryDoes) {
  const golden::File file = golden::read(PLUMB_SOURCE_DIR "/golden/families/families.h5");
  int texts = 0;
  for (const golden::Case& recorded : file.cases) {
    if (recorded.op != "model.tokens") continue;
    ++texts;
    const auto& pattern = std::get<std::string>(recorded.attributes.at("pattern"));
    const Tokenizer tokenizer = changed([&](nlohmann::json& root) { root["pre_tokenizer"] = split_with(pattern); });
    const golden::Array& text = golden::array_named(recorded.inputs, "text");
    const golden::Array& want = golden::array_named(recorded.outputs, "tokens");
    const Tensor ids(dtype_from_string(want.dtype), want.shape, want.bytes);
    std::vector<double> got;
    for (const std::int32_t id :
         tokenizer.encode({reinterpret_cast<const char*>(text.bytes.data()), text.bytes.size()}))
      got.push_back(id);
    std::vector<double> tokens;
    for (std::int64_t i = 0; i < ids.size(); ++i) tokens.push_back(ids.at(i));
    EXPECT_EQ(got, tokens) << recorded.name;
  }
  EXPECT_EQ(texts, 12);
}

TEST(Tokenizer, RefusesWhatItDoesNotHave) {
  const auto expect = [](const std::string& part, const std::function<void(nlohmann::json&)>& change) {
    const std::string message = refusal(change);
    EXPECT_NE(message.find(part), message.npos) << part << " in: " << message;
  };
  EXPECT_EQ(refusal([](auto&) {}), "");
  expect("expected BPE, got 'Unigram'", [](auto& root) { root["model"]["type"] = "Unigram"; });
  expect("byte_fallback", [](auto& root) { root["model"]["byte_fallback"] = true; });
  expect("Metaspace", [](auto& root) { root["pre_tokenizer"]["type"] = "Metaspace"; });
  expect("add_prefix_space", [](auto& root) { root["pre_tokenizer"]["add_prefix_space"] = true; });
  expect("NFKC", [](auto& root) { root["normalizer"] = {{"type", "NFKC"}}; });
  expect("NFC may change this text", [](auto& root) { root["normalizer"] = {{"type", "NFC"}}; });
  expect("a byte's letter", [](auto& root) { root["model"]["vocab"].erase("!"); });
  expect("'[a-z]'", [](auto& root) { root["pre_tokenizer"] = split_with("[a-z]"); });
}

TEST(Tokenizer, RefusesSequencesThatItDoesNotKnow) {
  const std::string expected = "expected a Sequence of Split and ByteLevel without use_regex";
  EXPECT_EQ(refusal([](auto& root) { root["pre_tokenizer"] = split_with(kQwen); }), "");
  const auto expect = [&](const std::function<void(nlohmann::json&)>& change) {
    const std::string message = refusal([&](auto& root) {
      root["pre_tokenizer"] = split_with(kQwen);
      change(root["pre_tokenizer"]);
    });
    EXPECT_NE(message.find(expected), message.npos) << message;
  };
  expect([](auto& sequence) { sequence["pretokenizers"] = {{"first", sequence["pretokenizers"][0]}, {"second", 1}}; });
  expect([](auto& sequence) { sequence["pretokenizers"].erase(0); });
  expect([](auto& sequence) { sequence["pretokenizers"][1]["use_regex"] = true; });
  expect([](auto& sequence) { sequence["pretokenizers"][1].erase("use_regex"); });  // it is true then
}

TEST(Tokenizer, RefusesTokensThatAreNoneOrTwo) {
  const auto expect = [](const std::string& part, const std::function<void(nlohmann::json&)>& change) {
    const std::string message = refusal(change);
    EXPECT_NE(message.find(part), message.npos) << part << " in: " << message;
  };
  expect("model.vocab: '!': expected a token from 0 to 16777216, got 4294967296",
         [](auto& root) { root["model"]["vocab"]["!"] = std::int64_t{1} << 32; });
  expect("model.vocab: '!': expected a token", [](auto& root) { root["model"]["vocab"]["!"] = 1.5; });
  expect("model.vocab: '!': expected a token", [](auto& root) { root["model"]["vocab"]["!"] = -1; });
  expect("model.vocab: '!': expected a token from 0 to 16777216, got a list of 2", [](auto& root) {
    root["model"]["vocab"]["!"] = {1, {2}};
  });
  expect("are both token", [](auto& root) { root["model"]["vocab"]["!"] = root["model"]["vocab"]["#"]; });
  expect("added_tokens: '<x>': expected a token from 0 to 16777216, got 4294967296", [](auto& root) {
    root["added_tokens"].push_back({{"content", "<x>"}, {"id", std::int64_t{1} << 32}});
  });
  expect("are both token", [](auto& root) { root["added_tokens"].push_back({{"content", "<x>"}, {"id", 0}}); });
  expect("added_tokens: expected the text of each", [](auto& root) { root["added_tokens"].push_back({{"id", 5000}}); });
}

TEST(EvaluationText, ReadsPassagesAndRefusesBadOnes) {
  const Tokenizer tokenizer(kModel / "tokenizer.json");
  EXPECT_EQ(read_passages(kModel / "eval_passages.json", tokenizer, 7).size(), 7U);
  const auto file =
      std::filesystem::path(testing::TempDir()) / ("plumb-passages-" + std::to_string(getpid()) + ".json");
  for (const char* bad : {"{}", "[1]", R"([{"context": "a"}])", R"([{"context": "", "word": "b"}])"}) {
    std::ofstream(file) << bad;
    EXPECT_THROW((void)read_passages(file, tokenizer, 7), Error) << bad;
  }
  std::filesystem::remove(file);
  EXPECT_THROW((void)read_tokens(kModel / "eval_tokens.npy", 100), Error);
  EXPECT_THROW((void)read_tokens(kModel / "config.json", 100), Error);
}

}  // namespace
}  // namespace plumb::model
