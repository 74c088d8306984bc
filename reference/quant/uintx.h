// torchao's packing of 1- to 7-bit codes into shards of 4, 2 and 1 bits, strided along any dimension.
#pragma once

#include "reference/op.h"

namespace plumb {

/// A code of `bits` bits is split into parts of 4, 2 and 1 bits, low bits first and as many as sum to `bits`; the parts
/// of one width w go to a shard of their own: along the packed dimension, byte r of m = n w / 8 holds in bits jw … the
/// part of element r + jm. Higher bits of an element are lost. A shard that `bits` does not need is empty.
/// Source: torchao 0.18.0, torchao.prototype.dtypes.uintx.bitpacking.pack.
Op pack_uintx();

/// The inverse of pack_uintx. Source: torchao.prototype.dtypes.uintx.bitpacking.unpack.
Op unpack_uintx();

}  // namespace plumb
