#include "measures.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "filters.hpp"
#include "form.hpp"

namespace ditherlab {

namespace {

constexpr float kFirstConstant = 0.01f * 0.01f, kSecondConstant = 0.03f * 0.03f;

// Of one row: both means, the product, and the sum of squares, filtered along the row.
constexpr int kNumMoments = 4;

// The filtered moments of rows, of which a window needs some at a time.
struct MomentRows {
    int width, count, num_rows;
    std::vector<float> rows, products;

    MomentRows(int row_width, int num_centers, int window)
        : width(row_width),
          count(num_centers),
          num_rows(window),
          rows(static_cast<std::size_t>(window) * kNumMoments * num_centers),
          products(static_cast<std::size_t>(row_width)) {}

    float* row(int y, int moment) {
        return &rows[(static_cast<std::size_t>(y % num_rows) * kNumMoments + moment) * count];
    }

    void load(int y, const float* one, const float* other, const float* taps, int radius) {
        filter_row(one, row(y, 0), count, taps, radius);
        filter_row(other, row(y, 1), count, taps, radius);
        for (int x = 0; x < width; ++x) products[x] = one[x] * other[x];
        filter_row(products.data(), row(y, 2), count, taps, radius);
        for (int x = 0; x < width; ++x) products[x] = one[x] * one[x] + other[x] * other[x];
        filter_row(products.data(), row(y, 3), count, taps, radius);
    }
};

}  // namespace

Similarity compare_rows(const float* one, const float* other, const std::uint8_t* opaque,
                        int num_channels, int height, int width, int first, int last,
                        const float* taps, int radius) {
    Similarity result{0.0, 0, 0.0, 0};
    const std::size_t plane = static_cast<std::size_t>(height) * width;
    for (int c = 0; c < num_channels; ++c) {
        for (int y = first; y < last; ++y) {
            const std::size_t start = static_cast<std::size_t>(y) * width;
            const float* a = one + c * plane + start;
            const float* b = other + c * plane + start;
            const std::uint8_t* counts = opaque + start;
            float sum = 0.0f;
            int number = 0;
            for (int x = 0; x < width; ++x) {
                const float difference = counts[x] ? a[x] - b[x] : 0.0f;
                sum += difference * difference;
                number += counts[x] != 0;
            }
            result.square_sum += sum;
            result.num_values += number;
        }
    }
    const int window = 2 * radius + 1, count = width - 2 * radius;
    const int top = std::max(first, radius), bottom = std::min(last, height - radius);
    if (count <= 0 || top >= bottom) return result;
    MomentRows moments(width, count, window);
    std::vector<float> sums(static_cast<std::size_t>(kNumMoments) * count), similarity(count);
    for (int c = 0; c < num_channels; ++c) {
        for (int y = top - radius; y < bottom + radius; ++y) {
            const std::size_t start = c * plane + static_cast<std::size_t>(y) * width;
            moments.load(y, one + start, other + start, taps, radius);
            const int center = y - radius;
            if (center < top) continue;
            for (int moment = 0; moment < kNumMoments; ++moment) {
                float* __restrict sum = &sums[static_cast<std::size_t>(moment) * count];
                const float* __restrict middle = moments.row(center, moment);
                for (int x = 0; x < count; ++x) sum[x] = taps[radius] * middle[x];
                for (int k = 1; k <= radius; ++k) {
                    const float tap = taps[radius + k];
                    const float* __restrict above = moments.row(center - k, moment);
                    const float* __restrict below = moments.row(center + k, moment);
                    for (int x = 0; x < count; ++x) sum[x] += tap * (above[x] + below[x]);
                }
            }
            const float* __restrict mean_one = sums.data();
            const float* __restrict mean_other = mean_one + count;
            const float* __restrict product_mean = mean_other + count;
            const float* __restrict square_mean = product_mean + count;
            float* __restrict each = similarity.data();
            for (int x = 0; x < count; ++x) {
                const float product = mean_one[x] * mean_other[x];
                const float squares = mean_one[x] * mean_one[x] + mean_other[x] * mean_other[x];
                const float covariance = product_mean[x] - product;
                const float variances = square_mean[x] - squares;
                each[x] = (2 * product + kFirstConstant) * (2 * covariance + kSecondConstant) /
                          ((squares + kFirstConstant) * (variances + kSecondConstant));
            }
            const std::uint8_t* counts = opaque + static_cast<std::size_t>(center) * width + radius;
            double sum = 0.0;
            for (int x = 0; x < count; ++x) {
                if (!counts[x]) continue;
                sum += each[x];
                ++result.num_windows;
            }
            result.window_sum += sum;
        }
    }
    return result;
}

void filter_planes(const float* planes, float* filtered, std::int64_t num_planes, int height,
                   int width, const float* taps, int radius) {
    const int window = 2 * radius + 1;
    std::vector<float> padded_row(static_cast<std::size_t>(width) + 2 * radius);
    std::vector<float> rows(static_cast<std::size_t>(window) * width);
    std::vector<int> loaded(static_cast<std::size_t>(window));
    for (std::int64_t n = 0; n < num_planes; ++n) {
        const float* plane = planes + n * height * width;
        std::fill(loaded.begin(), loaded.end(), -1);
        // Rows that are mirrored at the border are near each other, or the picture is small.
        const auto filtered_row = [&](int y) {
            const int slot = y % window;
            float* row = &rows[static_cast<std::size_t>(slot) * width];
            if (loaded[slot] == y) return static_cast<const float*>(row);
            loaded[slot] = y;
            const float* source = plane + static_cast<std::size_t>(y) * width;
            std::memcpy(&padded_row[radius], source, sizeof(float) * width);
            for (int x = 1; x <= radius; ++x) {
                padded_row[radius - x] = source[mirrored(-x, width)];
                padded_row[radius + width - 1 + x] = source[mirrored(width - 1 + x, width)];
            }
            filter_row(padded_row.data(), row, width, taps, radius);
            return static_cast<const float*>(row);
        };
        for (int y = 0; y < height; ++y) {
            float* __restrict sum = filtered + (n * height + y) * width;
            const float* middle = filtered_row(y);
            for (int x = 0; x < width; ++x) sum[x] = taps[radius] * middle[x];
            for (int k = 1; k <= radius; ++k) {
                const float tap = taps[radius + k];
                const float* above = filtered_row(mirrored(y - k, height));
                for (int x = 0; x < width; ++x) sum[x] += tap * above[x];
                const float* below = filtered_row(mirrored(y + k, height));
                for (int x = 0; x < width; ++x) sum[x] += tap * below[x];
            }
        }
    }
}

}  // namespace ditherlab
