// llama.cpp's perplexity tool on the same weights, where it is there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "reports/accuracy/record.h"

namespace plumb::accuracy {

/// What is asked of the tool.
struct LlamaCppQuestion {
  std::string program;  ///< "llama-perplexity", or a path.
  std::string gguf;     ///< The same weights in llama.cpp's own format; empty: not given.
  std::string text;     ///< What is read.
  std::int64_t window, windows;
};

/// Runs it with one thread and reads its estimate and speed. Where program, weights or text are missing, or it says
/// nothing of use, the peer is absent, with the reason.
[[nodiscard]] Peer ask_llama_cpp(const LlamaCppQuestion& question);

/// Perplexity and speed from the tool's output; absent if one of them is not in it.
[[nodiscard]] Peer parse_llama_cpp(std::string_view output);

}  // namespace plumb::accuracy
