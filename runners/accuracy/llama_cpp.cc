#include "runners/accuracy/llama_cpp.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>

#include "reference/names.h"

namespace plumb::accuracy {
namespace {

constexpr int kCommandNotFound = 127;  // what a shell says

Peer absent(const std::string& why) { return {"llama.cpp", why, kUnknown, kUnknown}; }

std::optional<double> number_in(const std::string& text, const std::regex& pattern) {
  std::smatch found;
  if (!std::regex_search(text, found, pattern)) return std::nullopt;
  return std::stod(found[1]);
}

}  // namespace

// "Final estimate: PPL = 46.2414 +/- 1.05348" and
// "… prompt eval time = 123.45 ms / 16384 tokens ( 0.01 ms per token, 1234.56 tokens per second)".
Peer parse_llama_cpp(std::string_view output) {
  const std::string text(output);
  const auto perplexity = number_in(text, std::regex(R"(Final estimate: PPL = ([0-9.]+))"));
  const auto rate = number_in(text, std::regex(R"(prompt eval time[^\n]*?([0-9.]+) tokens per second)"));
  if (!perplexity || !rate) return absent("its output holds no final estimate or no speed");
  return {"llama.cpp", "", *perplexity, *rate};
}

Peer ask_llama_cpp(const LlamaCppQuestion& question) {
  const std::string find = fmt::format("command -v {} >/dev/null 2>&1", shell_quoted(question.program));
  if (std::system(find.c_str()) != 0) return absent(fmt::format("there is no {}", question.program));
  if (question.gguf.empty()) return absent("give the same weights as --gguf FILE");
  if (question.text.empty()) return absent("it reads text; the tokens here have none (no tokenizer.json)");
  const auto file = std::filesystem::temp_directory_path() / fmt::format("plumb-llama-cpp-{}.txt", getpid());
  std::ofstream(file, std::ios::binary) << question.text;
  const std::string command = fmt::format(
      "{} -m {} -f {} -c {} -b {} --chunks {} -t 1 -ngl 0 2>&1", shell_quoted(question.program),
      shell_quoted(question.gguf), shell_quoted(file.string()), question.window, question.window, question.windows);
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return absent("it cannot be started");
  std::string output;
  std::array<char, 4096> chunk;
  while (const std::size_t count = fread(chunk.data(), 1, chunk.size(), pipe)) output.append(chunk.data(), count);
  const int status = pclose(pipe);
  std::filesystem::remove(file);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCommandNotFound) return absent("it cannot be started");
  if (status != 0) return absent("it broke off");
  return parse_llama_cpp(output);
}

}  // namespace plumb::accuracy
