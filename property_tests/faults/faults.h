// The catalogue of deliberately wrong implementations. faults.cc is the table.
#pragma once

#include <memory>
#include <span>

#include "impls/builtin.h"
#include "property_tests/faults/mutation.h"
#include "reports/record.h"

namespace plumb::faults {

/// Projects whose tests compare one number for a whole output.
enum Peers : unsigned { no_peer = 0, ggml = 1, torchao = 2, both = ggml | torchao };

/// A wrong implementation, and how the standard campaign has to see it.
struct Fault {
  const char* id;         ///< Unique per operator; the implementation is called "fault.<id>".
  const char* op;         ///< Operator.
  const char* mechanism;  ///< What is wrong, in one line.
  Mutation mutation;
  Outcome outcome;            ///< Of every case in which it shows.
  const char* reason = "";    ///< Part of the reason that those cases give.
  const char* touches = "1";  ///< Formula over sizes, row and column: the elements that it can change.
  /// Which of the peers' criteria let it through (see peers.h). They are of sums and products: no_peer where nothing is
  /// constant or every bit is prescribed.
  Peers accepted_by = no_peer;
  const char* looks_like = "";  ///< Part of what the diagnosis says of it; empty: it is none of a layout's mistakes.
};

/// The faults of the table, in its order: at least some of every kind of operator.
[[nodiscard]] std::span<const Fault> listed_faults();
/// The same and, of every operator that it has none of, the faults that any operator can have.
[[nodiscard]] std::span<const Fault> all_faults();

/// Part of what a verdict has to say of the fault: of its diagnosis, or of its reason.
[[nodiscard]] std::string expected_words(const Fault& fault);

/// The wrong implementation.
[[nodiscard]] std::unique_ptr<Builtin> make_faulty(const Fault& fault);
/// The same kernel without the mutation, "plain".
[[nodiscard]] std::unique_ptr<Builtin> make_plain(const char* op);

}  // namespace plumb::faults
