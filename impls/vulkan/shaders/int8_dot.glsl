// The sum of four products of signed bytes, with the device's integer dot product if DOT_INSTRUCTION is defined
// (VK_KHR_shader_integer_dot_product), or written out.
#ifdef DOT_INSTRUCTION
#extension GL_EXT_spirv_intrinsics : require
// OpSDotKHR of two words, format PackedVectorFormat4x8Bit; capabilities DotProductInput4x8BitPacked and DotProduct.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int signed_dot(uint a, uint b, spirv_literal int format);
int dot4(uint a, uint b) { return signed_dot(a, b, 0); }
#else
int dot4(uint a, uint b) {
  const ivec4 at = ivec4(0, 8, 16, 24);
  int sum = 0;
  for (int i = 0; i < 4; ++i) sum += bitfieldExtract(int(a), at[i], 8) * bitfieldExtract(int(b), at[i], 8);
  return sum;
}
#endif
