// Parameters that are tensor subclasses of torchao: pickled objects within a .pt2 archive.
#pragma once

#include <map>
#include <string>

#include "reference/graph/graph.h"
#include "reference/graph/zip_archive.h"

namespace plumb::graph {

/// The tensors within a subclass by attribute: "qdata", "scale", "zero_point", ... Those that lie in one storage in one
/// way are one Constant.
using InnerTensors = std::map<std::string, ConstantRef>;

/// Reads entry `name`, an archive that torch.save wrote, whose object is `_rebuild_from_type_v2` of a wrapper subclass:
/// a class of torchao's that is known, sizes, and attributes. Nothing in it is executed; what the attributes that are
/// no tensors say (block sizes, the type of codes) the graph repeats where it dequantises. Bytes stay mapped. Throws
/// Error for a damaged archive or pickle, a global that is not known (naming it), a byte order that is not little
/// endian, and a tensor that is not dense or leaves its storage (naming it).
[[nodiscard]] InnerTensors read_tensor_subclass(const ZipArchive& archive, const std::string& name);

}  // namespace plumb::graph
