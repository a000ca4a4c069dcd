// The sums of the palette equations: the expected cost as a quadratic form in the colors.
#pragma once

#include <cstdint>

#include "form.hpp"

namespace ditherlab {

// The choice among the colors at every pixel: probabilities `[k h w]`, or indices `[h w]`.
struct Choice {
    std::int32_t num_colors;
    const float* probs;  // null if there are indices
    const std::uint8_t* indices;
    const float* variance_weights;  // [c h w], for probabilities
};

// At most about this many pixels are summed; of a larger picture, every n-th block.
constexpr std::int64_t kMostSummedPx = 1 << 19;

// Adds to `matrix[c k k]` and `right[c k]` such that the cost is, for each channel with its colors
// `x`, `x' matrix x - 2 x' right`. The sums are made in a fixed order.
void add_palette_equations(const Form& form, const Choice& choice, int num_threads, double* matrix,
                           double* right);

}  // namespace ditherlab
