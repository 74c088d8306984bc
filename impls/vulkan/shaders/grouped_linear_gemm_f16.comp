// Scales of groups of columns, an activation stored as f16.
#version 450
#extension GL_GOOGLE_include_directive : require
#define PLUMB_HALF_ACTIVATION
#include "grouped_linear_gemm.glsl"
