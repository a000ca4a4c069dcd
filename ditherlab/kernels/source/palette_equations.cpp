#include "palette_equations.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "colors.hpp"
#include "lanes.hpp"
#include "parallel.hpp"
#include "tiles.hpp"

namespace ditherlab {

namespace {

// Blocks are small, so that only some of many colors occur in them, and their windows fit into a
// cache.
constexpr int kBlockRows = 16;
constexpr int kBlockColumns = 32;

// Colors less likely than this at every pixel of a block are left out of its sums. With 256 colors
// that halves the time, and palettes end at the same cost within 0.1 %.
constexpr float kNoProbability = 1e-4f;

// The part of the matrix that is summed at once, in registers.
constexpr int kHeight = 6, kWidth = 2 * kVector;

int block_step(const Form& form) {
    return static_cast<int>((num_pixels(form) + kMostSummedPx - 1) / kMostSummedPx);
}

// By how many blocks those of the next row of blocks are shifted; shifts that share a divisor with
// the step would leave out some columns of the picture.
int column_shift(int step) {
    int shift = 7;
    while (std::gcd(shift, step) > 1) ++shift;
    return shift;
}

// The sums of one row of blocks, and its buffers.
struct BlockRow {
    const Form& form;
    const Choice& choice;
    int reach;
    std::vector<double> matrix, right;
    std::vector<float> source, between, blurred, weighted, weighted_colors, values, seen_values,
        sums;
    std::vector<int> active;
    std::vector<std::int16_t> slot_of;
    int stride = 0;

    BlockRow(const Form& owner, const Choice& colors, int radius)
        : form(owner),
          choice(colors),
          reach(radius),
          matrix(static_cast<std::size_t>(owner.num_channels) * colors.num_colors *
                 colors.num_colors),
          right(static_cast<std::size_t>(owner.num_channels) * colors.num_colors),
          slot_of(static_cast<std::size_t>(colors.num_colors)) {}

    void add(Span rows) {
        std::fill(matrix.begin(), matrix.end(), 0.0);
        std::fill(right.begin(), right.end(), 0.0);
        const int step = block_step(form);
        // Another column in each row of blocks, so that the blocks that count are spread evenly.
        const int first = rows.begin / kBlockRows * column_shift(step) % step;
        for (int x = first * kBlockColumns; x < form.width; x += step * kBlockColumns) {
            add_block(rows, {x, std::min(form.width, x + kBlockColumns)});
        }
    }

    void add_block(Span rows, Span columns) {
        find_active(rows, columns);
        if (active.empty()) return;
        load_source(rows, columns);
        const int num_pixels = rows.size() * columns.size();
        weighted.resize(static_cast<std::size_t>(num_pixels));
        for (int l = 0; l < form.num_layers; ++l) {
            const Layer& layer = form.layers[l];
            if (layer.radius == 0) continue;
            blur(layer, rows, columns);
            blur_values(layer, rows, columns);
            std::fill(weighted.begin(), weighted.end(), 0.0f);
            add_weights(layer.weights, layer.scale, rows, columns);
            add_gram(layer.channel, blurred.data(), num_pixels);
            add_right(layer.channel, num_pixels);
        }
        add_single_pixels(rows, columns);
    }

    // Adds a plane to the weights of the block's pixels.
    void add_weights(const float* plane, float scale, Span rows, Span columns) {
        float* weight = weighted.data();
        for (int y = rows.begin; y < rows.end; ++y) {
            const float* from = plane + static_cast<std::int64_t>(y) * form.width + columns.begin;
            for (int x = 0; x < columns.size(); ++x) weight[x] += scale * from[x];
            weight += columns.size();
        }
    }

    // Lists the colors that occur in a block or around it.
    void find_active(Span rows, Span columns) {
        std::vector<bool> occurs(static_cast<std::size_t>(choice.num_colors), false);
        const std::int64_t plane = ditherlab::num_pixels(form);
        const int top = std::max(0, rows.begin - reach);
        const int bottom = std::min(form.height, rows.end + reach);
        const int left = std::max(0, columns.begin - reach);
        const int right_end = std::min(form.width, columns.end + reach);
        for (int y = top; y < bottom; ++y) {
            const std::int64_t start = static_cast<std::int64_t>(y) * form.width;
            if (choice.probs == nullptr) {
                for (int x = left; x < right_end; ++x) occurs[choice.indices[start + x]] = true;
                continue;
            }
            for (int k = 0; k < choice.num_colors; ++k) {
                if (occurs[k]) continue;
                const float* probs = choice.probs + k * plane + start;
                float most = 0.0f;
                for (int x = left; x < right_end; ++x) most = std::max(most, probs[x]);
                occurs[k] = most > kNoProbability;
            }
        }
        active.clear();
        for (int k = 0; k < choice.num_colors; ++k) {
            if (!occurs[k]) continue;
            slot_of[k] = static_cast<std::int16_t>(active.size());
            active.push_back(k);
        }
        stride = padded(static_cast<int>(active.size()));
    }

    int source_width(Span columns) const { return columns.size() + 2 * reach; }

    // Loads the choice of each pixel of the block and around it: `[pixel color]`.
    void load_source(Span rows, Span columns) {
        const int width = source_width(columns), height = rows.size() + 2 * reach;
        const std::int64_t plane = ditherlab::num_pixels(form);
        source.assign(static_cast<std::size_t>(width) * height * stride, 0.0f);
        values.resize(static_cast<std::size_t>(form.num_channels) * width * height);
        for (int row = 0; row < height; ++row) {
            const std::int64_t y = mirrored(rows.begin - reach + row, form.height);
            for (int column = 0; column < width; ++column) {
                const int x = mirrored(columns.begin - reach + column, form.width);
                const std::int64_t pixel = y * form.width + x;
                const bool is_opaque = form.opaque == nullptr || form.opaque[pixel] != 0;
                const std::size_t place = static_cast<std::size_t>(row) * width + column;
                for (int c = 0; c < form.num_channels; ++c) {
                    values[static_cast<std::size_t>(c) * width * height + place] =
                        is_opaque ? form.values[c * plane + pixel] : 0.0f;
                }
                if (!is_opaque) continue;
                float* target = &source[place * stride];
                if (choice.probs == nullptr) {
                    target[slot_of[choice.indices[pixel]]] = 1.0f;
                    continue;
                }
                for (std::size_t n = 0; n < active.size(); ++n) {
                    target[n] = choice.probs[active[n] * plane + pixel];
                }
            }
        }
    }

    void blur(const Layer& layer, Span rows, Span columns) {
        const int width = source_width(columns), r = layer.radius, inset = reach - r;
        const int num_rows = rows.size(), num_columns = columns.size();
        const int between_width = num_columns + 2 * r;
        between.resize(static_cast<std::size_t>(num_rows) * between_width * stride);
        blurred.resize(static_cast<std::size_t>(num_rows) * num_columns * stride);
        for (int row = 0; row < num_rows; ++row) {
            for (int column = 0; column < between_width; ++column) {
                const float* from =
                    &source[(static_cast<std::size_t>(row + inset) * width + column + inset) *
                            stride];
                float* to =
                    &between[(static_cast<std::size_t>(row) * between_width + column) * stride];
                add_taps(layer, from, static_cast<std::size_t>(width) * stride, to);
            }
        }
        for (int row = 0; row < num_rows; ++row) {
            for (int column = 0; column < num_columns; ++column) {
                const float* from =
                    &between[(static_cast<std::size_t>(row) * between_width + column) * stride];
                float* to =
                    &blurred[(static_cast<std::size_t>(row) * num_columns + column) * stride];
                add_taps(layer, from, static_cast<std::size_t>(stride), to);
            }
        }
    }

    void add_taps(const Layer& layer, const float* from, std::size_t step, float* to) const {
        const int num_taps = 2 * layer.radius + 1;
        for (int k = 0; k < stride; k += kVector) {
            Lanes sum = spread_lanes(0.0f);
            for (int tap = 0; tap < num_taps; ++tap) {
                sum += spread_lanes(layer.taps[tap]) * load_lanes(from + tap * step + k);
            }
            store_lanes(sum, to + k);
        }
    }

    void blur_values(const Layer& layer, Span rows, Span columns) {
        const int width = source_width(columns), height = rows.size() + 2 * reach;
        const int r = layer.radius, inset = reach - r, num_columns = columns.size();
        const int between_width = num_columns + 2 * r;
        const float* plane = &values[static_cast<std::size_t>(layer.channel) * width * height];
        sums.resize(static_cast<std::size_t>(between_width));
        seen_values.resize(static_cast<std::size_t>(rows.size()) * num_columns);
        for (int row = 0; row < rows.size(); ++row) {
            std::fill(sums.begin(), sums.end(), 0.0f);
            for (int tap = 0; tap <= 2 * r; ++tap) {
                const float* from =
                    plane + static_cast<std::size_t>(row + inset + tap) * width + inset;
                for (int x = 0; x < between_width; ++x) sums[x] += layer.taps[tap] * from[x];
            }
            float* to = &seen_values[static_cast<std::size_t>(row) * num_columns];
            for (int x = 0; x < num_columns; ++x) to[x] = 0.0f;
            for (int tap = 0; tap <= 2 * r; ++tap) {
                for (int x = 0; x < num_columns; ++x) to[x] += layer.taps[tap] * sums[x + tap];
            }
        }
    }

    // Adds `sum_x weighted_x colors_xk colors_xl` for the active colors k and l.
    void add_gram(int channel, const float* colors, int num_pixels) {
        const int count = static_cast<int>(active.size());
        // Rows that the last part of the matrix reads beyond the colors are not used.
        weighted_colors.resize(static_cast<std::size_t>(num_pixels) * stride + kHeight);
        for (int x = 0; x < num_pixels; ++x) {
            const std::size_t start = static_cast<std::size_t>(x) * stride;
            for (int k = 0; k < stride; ++k) {
                weighted_colors[start + k] = weighted[x] * colors[start + k];
            }
        }
        for (int k = 0; k < count; k += kHeight) {
            for (int l = k / kWidth * kWidth; l < stride; l += kWidth) {
                float totals[kHeight * kWidth];
                sum_products(colors, k, l, num_pixels, totals);
                add_totals(channel, k, l, totals);
            }
        }
    }

    // Sums a part of the matrix: `kHeight` rows from k, `kWidth` columns from l.
    void sum_products(const float* colors, int k, int l, int num_pixels, float* totals) const {
        Lanes sums[kHeight][2];
        for (auto& row : sums) row[0] = row[1] = spread_lanes(0.0f);
        for (int x = 0; x < num_pixels; ++x) {
            const float* pixel = colors + static_cast<std::size_t>(x) * stride + l;
            const float* mine_at = &weighted_colors[static_cast<std::size_t>(x) * stride + k];
            const Lanes first = load_lanes(pixel), second = load_lanes(pixel + kVector);
            for (int n = 0; n < kHeight; ++n) {
                const Lanes mine = spread_lanes(mine_at[n]);
                sums[n][0] += mine * first;
                sums[n][1] += mine * second;
            }
        }
        for (int n = 0; n < kHeight; ++n) {
            store_lanes(sums[n][0], totals + n * kWidth);
            store_lanes(sums[n][1], totals + n * kWidth + kVector);
        }
    }

    void add_totals(int channel, int k, int l, const float* totals) {
        const int count = static_cast<int>(active.size());
        const std::size_t size = static_cast<std::size_t>(choice.num_colors);
        double* target = &matrix[static_cast<std::size_t>(channel) * size * size];
        for (int n = 0; n < kHeight && k + n < count; ++n) {
            for (int other = std::max(l, k + n); other < std::min(l + kWidth, count); ++other) {
                const double sum = totals[n * kWidth + other - l];
                const std::size_t row = active[k + n], column = active[other];
                target[row * size + column] += sum;
                if (row != column) target[column * size + row] += sum;
            }
        }
    }

    void add_right(int channel, int num_pixels) {
        double* target = &right[static_cast<std::size_t>(channel) * choice.num_colors];
        for (int k = 0; k < stride; k += kVector) {
            Lanes total = spread_lanes(0.0f);
            for (int x = 0; x < num_pixels; ++x) {
                total += spread_lanes(weighted[x] * seen_values[x]) *
                         load_lanes(&blurred[static_cast<std::size_t>(x) * stride + k]);
            }
            for (int lane = 0; lane < kVector; ++lane) {
                if (k + lane < static_cast<int>(active.size())) {
                    target[active[k + lane]] += total[lane];
                }
            }
        }
    }

    // Adds the layers without blur, and the variance of each pixel, `diag(p) - p p'`, times its
    // weight.
    void add_single_pixels(Span rows, Span columns) {
        const int width = source_width(columns), num_pixels = rows.size() * columns.size();
        blurred.resize(static_cast<std::size_t>(num_pixels) * stride);
        for (int row = 0; row < rows.size(); ++row) {
            const float* from =
                &source[(static_cast<std::size_t>(row + reach) * width + reach) * stride];
            std::copy(from, from + static_cast<std::size_t>(columns.size()) * stride,
                      &blurred[static_cast<std::size_t>(row) * columns.size() * stride]);
        }
        for (int c = 0; c < form.num_channels; ++c) {
            std::fill(weighted.begin(), weighted.end(), 0.0f);
            const Layer* last = nullptr;
            for (int l = 0; l < form.num_layers; ++l) {
                const Layer& layer = form.layers[l];
                if (layer.radius != 0 || layer.channel != c) continue;
                add_weights(layer.weights, layer.scale * layer.taps[0] * layer.taps[0], rows,
                            columns);
                last = &layer;
            }
            if (last != nullptr) {
                blur_values(*last, rows, columns);
                add_right(c, num_pixels);
            }
            if (choice.probs != nullptr) subtract_means(c, rows, columns);
            add_diagonal(c, num_pixels);
            if (form.linear != nullptr) add_linear(c, rows, columns);
        }
    }

    // Replaces the weights by those of the variances, after adding their `-p p'`.
    void subtract_means(int channel, Span rows, Span columns) {
        const float* variances =
            choice.variance_weights + channel * ditherlab::num_pixels(form);
        add_weights(variances, -1.0f, rows, columns);
        add_gram(channel, blurred.data(), rows.size() * columns.size());
        std::fill(weighted.begin(), weighted.end(), 0.0f);
        add_weights(variances, 1.0f, rows, columns);
    }

    // Of `f = x' A x - 2 x' b`, the linear cost is a part of `b`.
    void add_linear(int channel, Span rows, Span columns) {
        std::fill(weighted.begin(), weighted.end(), 0.0f);
        add_weights(form.linear + channel * ditherlab::num_pixels(form), -0.5f, rows, columns);
        seen_values.assign(weighted.size(), 1.0f);
        add_right(channel, static_cast<int>(weighted.size()));
    }

    void add_diagonal(int channel, int num_pixels) {
        const std::size_t size = static_cast<std::size_t>(choice.num_colors);
        for (int k = 0; k < stride; k += kVector) {
            Lanes total = spread_lanes(0.0f);
            for (int x = 0; x < num_pixels; ++x) {
                total += spread_lanes(weighted[x]) *
                         load_lanes(&blurred[static_cast<std::size_t>(x) * stride + k]);
            }
            for (int lane = 0; lane < kVector; ++lane) {
                if (k + lane >= static_cast<int>(active.size())) continue;
                const std::size_t color = static_cast<std::size_t>(active[k + lane]);
                matrix[(channel * size + color) * size + color] += total[lane];
            }
        }
    }
};

}  // namespace

void add_palette_equations(const Form& form, const Choice& choice, int num_threads, double* matrix,
                           double* right) {
    const int reach = reach_px(form) / 2;
    const int num_rows = (form.height + kBlockRows - 1) / kBlockRows;
    const int num_workers = std::max(1, std::min(num_threads, num_rows));
    std::vector<BlockRow> parts;
    for (int n = 0; n < num_workers; ++n) parts.emplace_back(form, choice, reach);
    // Some rows at a time, whose sums are added in the order of the rows.
    for (int first = 0; first < num_rows; first += num_workers) {
        const int count = std::min(num_workers, num_rows - first);
        run_parallel(count, num_workers, [&](int task, int) {
            const int y = (first + task) * kBlockRows;
            parts[static_cast<std::size_t>(task)].add({y, std::min(form.height, y + kBlockRows)});
        });
        for (int n = 0; n < count; ++n) {
            const BlockRow& part = parts[static_cast<std::size_t>(n)];
            for (std::size_t i = 0; i < part.matrix.size(); ++i) matrix[i] += part.matrix[i];
            for (std::size_t i = 0; i < part.right.size(); ++i) right[i] += part.right[i];
        }
    }
}

}  // namespace ditherlab
