// For device_test.cc only: writes `words` words from y[kFirst + first] on, wherever that is, after `spins` steps of a
// generator that no compiler can skip.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Input { uint x[]; };
layout(push_constant) uniform Sizes {
  int first;
  uint words;
  uint spins;
};

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  uint value = x[i];
  for (uint step = 0; step < spins; ++step) value = value * 1664525u + (1013904223u ^ value >> 7);
  y[kFirst + first + i] = value;
}
