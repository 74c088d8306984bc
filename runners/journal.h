// The records of a run on disk as they are reached, so that a run which is killed can be continued.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "reports/record.h"
#include "runners/sandbox.h"

namespace plumb {

/// What a run set out to do: what `--resume` takes over, and what must be the same for the rest to belong to it.
struct Intent {
  std::string op = "*", impl = "*";  ///< The patterns that were given.
  RunInfo info = {};                 ///< As at the start: command, version, started, seed, planned.
  std::string models = {};           ///< The value of --model.
  std::string plan = {};             ///< plan_fingerprint().
  std::string code = {};             ///< code_fingerprint().
};

/// A number that differs for plans that differ in a step, in how it is repeated or in their order.
[[nodiscard]] std::string plan_fingerprint(const std::vector<Unit>& units);

/// A file of one line of JSON for the intent, then one for each record in the order in which they were reached. Every
/// line is with the system before append() returns: killing the program loses none.
class Journal {
 public:
  /// Where it lies in a folder of results: FOLDER/records.jsonl.
  [[nodiscard]] static std::filesystem::path path_in(const std::filesystem::path& folder);
  /// What the run in this folder set out to do. Throws Error if there is none, or it was written by another version.
  [[nodiscard]] static Intent read_intent(const std::filesystem::path& folder);

  /// Begins a new one, in place of one that is there. Throws Error if it cannot be written.
  Journal(const std::filesystem::path& folder, const Intent& intent);
  /// Opens the one that is there to go on with it. A last line that was cut off is dropped. Throws Error naming what
  /// differs if its plan is not `plan` or its code not `code`, and the line if one is malformed.
  Journal(const std::filesystem::path& folder, const std::string& plan, const std::string& code);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] const Intent& intent() const { return intent_; }
  /// Records that were there when it was opened.
  [[nodiscard]] const std::vector<Record>& found() const { return found_; }
  /// Throws Error if the record cannot be written.
  void append(const Record& record);
  /// The run is complete and reported: nothing is left to continue.
  void remove();

 private:
  void write_line(const std::string& line);

  std::filesystem::path path_;
  int fd_ = -1;
  Intent intent_;
  std::vector<Record> found_;
};

}  // namespace plumb
