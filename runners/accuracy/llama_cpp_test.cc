#include "runners/accuracy/llama_cpp.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace plumb::accuracy {
namespace {

constexpr const char* kOutput =
    "llama_perf_context_print:        load time =     101.10 ms\n"
    "llama_perf_context_print: prompt eval time =    2000.00 ms / 16384 tokens (    0.12 ms per token,  8192.00 tokens "
    "per second)\n"
    "Final estimate: PPL = 46.2414 +/- 1.05348\n";

TEST(LlamaCpp, ReadsEstimateAndSpeed) {
  const Peer peer = parse_llama_cpp(kOutput);
  EXPECT_EQ(peer.absent, "");
  EXPECT_EQ(peer.perplexity, 46.2414);
  EXPECT_EQ(peer.tokens_per_second, 8192);
  EXPECT_NE(parse_llama_cpp("error: unknown model architecture").absent, "");
}

TEST(LlamaCpp, IsNamedAsAbsentWithTheReason) {
  EXPECT_EQ(ask_llama_cpp({"no-such-program", "w.gguf", "text", 8, 1}).absent, "there is no no-such-program");
  EXPECT_EQ(ask_llama_cpp({"true", "", "text", 8, 1}).absent, "give the same weights as --gguf FILE");
  EXPECT_NE(ask_llama_cpp({"true", "w.gguf", "", 8, 1}).absent.find("tokenizer.json"), std::string::npos);
  EXPECT_EQ(ask_llama_cpp({"false", "w.gguf", "text", 8, 1}).absent, "it broke off");
  EXPECT_NE(ask_llama_cpp({"true", "w.gguf", "text", 8, 1}).absent, "");
}

TEST(LlamaCpp, IsRunOnTheWindows) {
  const auto script = std::filesystem::path(testing::TempDir()) / ("plumb-fake-llama-" + std::to_string(getpid()));
  std::ofstream(script)
      << "#!/bin/sh\n[ \"$2\" = w.gguf ] && [ \"$(cat \"$4\")\" = text ] && [ \"$6\" = 8 ] || exit 1\n"
      << "cat <<'END'\n"
      << kOutput << "END\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  const Peer peer = ask_llama_cpp({script.string(), "w.gguf", "text", 8, 1});
  EXPECT_EQ(peer.absent, "");
  EXPECT_EQ(peer.tokens_per_second, 8192);
  std::filesystem::remove(script);
}

}  // namespace
}  // namespace plumb::accuracy
