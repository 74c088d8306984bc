// Programs saved by torch.export (.pt2).
#pragma once

#include <filesystem>

#include "reference/graph/graph.h"

namespace plumb::graph {

/// Reads an archive that torch.export.save wrote (archive_format "pt2", schema major version 8). Weights are mapped.
/// Regions under torch.set_grad_enabled are inlined, assertions about metadata dropped. Two names of one weight file
/// with one type share a Constant. A parameter that is a pickled tensor subclass of torchao's becomes a constant for
/// each tensor within, "0.weight.qdata" (see tensor_subclass.h); only export.access_subclass_inner_tensor reads them.
/// Throws one Error naming the archive, and where there is one the node, for a damaged archive, another pickled object,
/// tensors strided or otherwise not dense, an argument of unknown kind, or a graph that is none.
[[nodiscard]] Graph read_pt2(const std::filesystem::path& path);

}  // namespace plumb::graph
