// One HDF5 dataset to bytes: which element types there are, and which ways of storing are trusted.
#pragma once

#include "golden/golden.h"
#include "golden/hdf5_node.h"

namespace plumb::golden {

/// The stored element type ("u8" … "f64"), shape and bytes of a dataset; no attribute is looked at. What it takes from
/// `budget_bytes` is deducted. Refused: any other element type, a dataset larger than the budget, one whose values were
/// never (all) written, which HDF5 would fill up with zeros, and one stored outside the file or by filters other than
/// gzip, shuffle and Fletcher32.
[[nodiscard]] Array read_dataset(const Node& node, std::int64_t& budget_bytes);

}  // namespace plumb::golden
