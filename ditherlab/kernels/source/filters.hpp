// The filter of one row, which all blurs share.
#pragma once

namespace ditherlab {

// Filters a row with symmetric taps; `in` begins `radius` values before the first result.
inline void filter_row(const float* __restrict in, float* __restrict out, int count,
                       const float* taps, int radius) {
    // Pairs of taps share a product.
    const float middle = taps[radius];
    for (int x = 0; x < count; ++x) out[x] = middle * in[x + radius];
    for (int k = 1; k <= radius; ++k) {
        const float tap = taps[radius + k];
        for (int x = 0; x < count; ++x) out[x] += tap * (in[x + radius - k] + in[x + radius + k]);
    }
}

}  // namespace ditherlab
