#include "runners/model/evaluation_text.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "golden/tensor_file.h"
#include "reference/error.h"

namespace plumb::model {

std::vector<std::int32_t> read_tokens(const std::filesystem::path& file, std::int64_t vocabulary) {
  if (file.extension() != ".npy") throw Error(fmt::format("{}: expected a .npy file of tokens", file.string()));
  const golden::TensorFile tensor = golden::find_tensor(file, "", {});
  if (tensor.dtype != DType::i32 && tensor.dtype != DType::i64) {
    throw Error(fmt::format("{}: expected i32 or i64 tokens, got {}", file.string(), to_string(tensor.dtype)));
  }
  std::vector<std::byte> bytes(tensor.bytes);
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(tensor.offset));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) throw Error(fmt::format("{}: cannot be read", file.string()));
  const Tensor all(tensor.dtype, tensor.shape, std::move(bytes));
  std::vector<std::int32_t> tokens;
  for (std::int64_t i = 0; i < all.size(); ++i) {
    const double token = all.at(i);
    if (!(token >= 0 && token < static_cast<double>(vocabulary))) {
      throw Error(
          fmt::format("{}: element {}: expected a token below {}, got {}", file.string(), i, vocabulary, token));
    }
    tokens.push_back(static_cast<std::int32_t>(token));
  }
  return tokens;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error(fmt::format("{}: cannot be read", file.string()));
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Passage> read_passages(const std::filesystem::path& file, const Tokenizer& tokenizer, std::int64_t most) {
  const auto root = nlohmann::json::parse(read_text(file), nullptr, false);
  if (!root.is_array()) throw Error(fmt::format("{}: expected a JSON list of passages", file.string()));
  std::vector<Passage> passages;
  for (std::size_t i = 0; i < root.size() && std::ssize(passages) < most; ++i) {
    try {
      passages.push_back({tokenizer.encode(root[i].at("context").get<std::string>()),
                          tokenizer.encode(root[i].at("word").get<std::string>())});
    } catch (const nlohmann::json::exception& error) {
      throw Error(fmt::format("{}: passage {}: {}", file.string(), i, error.what()));
    }
    if (passages.back().context.empty() || passages.back().word.empty()) {
      throw Error(fmt::format("{}: passage {}: expected a context and a word", file.string(), i));
    }
  }
  return passages;
}

}  // namespace plumb::model
