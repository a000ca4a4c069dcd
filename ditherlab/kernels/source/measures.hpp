// Similarity of two pictures, and the filter of all planes that the metrics use.
#pragma once

#include <cstdint>

namespace ditherlab {

struct Similarity {
    double window_sum;  // of the SSIM of windows that count, over all channels
    std::int64_t num_windows;
    double square_sum;  // of squared differences of pixels that count
    std::int64_t num_values;
};

// Compares rows [first, last) of two pictures `[c h w]`; windows are those with their center there
// and all of their pixels in the picture. `opaque` is [h w].
//
// Source: Zhou Wang et al., "Image Quality Assessment: From Error Visibility to Structural
// Similarity", IEEE TIP 2004, eq. 13.
Similarity compare_rows(const float* one, const float* other, const std::uint8_t* opaque,
                        int num_channels, int height, int width, int first, int last,
                        const float* taps, int radius);

// Filters planes along both axes; borders are mirrored.
void filter_planes(const float* planes, float* filtered, std::int64_t num_planes, int height,
                   int width, const float* taps, int radius);

}  // namespace ditherlab
