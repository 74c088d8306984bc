// An accuracy report: schemes and implementations on a model, measured.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "reports/accuracy/record.h"
#include "runners/accuracy/budgets.h"
#include "runners/accuracy/scheme.h"
#include "runners/check.h"
#include "runners/model/evaluation_text.h"
#include "runners/model/model_folder.h"

namespace plumb::accuracy {

/// How much is read.
struct Reading {
  std::int64_t window = 256;                ///< Tokens read together; each predicts the next.
  std::int64_t windows = 64;                ///< By the original and by the dequantised references.
  std::int64_t implementation_windows = 4;  ///< By each implementation.
  std::int64_t passages = 100, implementation_passages = 4;
  std::int64_t drift_tokens = 32;  ///< On which layers are judged one by one; 0: not at all.
};

struct AccuracyOptions {
  Reading reading = {};
  Budgets budgets = {};
  int jobs = 1;  ///< Worker processes, and threads of the references; 0: implementations in this process.
  std::chrono::milliseconds limit{300000};  ///< An implementation that takes longer on a scheme is a hang.
  std::function<bool()> should_stop = [] { return false; };
  std::function<void(const std::string& what, double share)> on_progress = [](const std::string&, double) {};
  std::function<void(const Record&)> on_record = [](const Record&) {};
};

/// What is read: tokens in one long sequence that is cut into windows, and passages.
struct EvaluationText {
  std::vector<std::int32_t> tokens;
  std::vector<model::Passage> passages;
};

/// Measures everything. `info` is filled in but for command and machine. A stop leaves what there is, `interrupted`.
/// Throws Error for schemes that the model's shapes forbid, and for a text of less than two tokens. The caller must
/// have no other thread running.
[[nodiscard]] Run measure(const model::ModelFolder& folder, const EvaluationText& text,
                          const std::vector<Scheme>& schemes, const std::vector<Subject>& subjects,
                          const AccuracyOptions& options);

}  // namespace plumb::accuracy
