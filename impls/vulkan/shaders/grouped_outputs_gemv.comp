// Scales of groups of outputs, one for each column: a gradient.
#version 450
#extension GL_GOOGLE_include_directive : require
#define PLUMB_OUTPUT_GROUPS
#include "grouped_linear_gemv.glsl"
