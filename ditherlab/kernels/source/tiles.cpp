#include "tiles.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "filters.hpp"

namespace ditherlab {

namespace {

// Room behind each row, so that vectors may reach beyond it.
constexpr int kSlack = 32;

// Filters rows [first, last) of a plane at columns [begin, end) along the rows.
void filter_columns(const float* in, float* out, int stride, Span rows, Span columns,
                    const float* taps, int radius) {
    for (int row = rows.begin; row < rows.end; ++row) {
        const std::size_t start = static_cast<std::size_t>(row) * stride + columns.begin;
        filter_row(in + start - radius, out + start, columns.size(), taps, radius);
    }
}

// Filters along the columns and hands each finished row to `use(row, values)`.
template <typename Use>
void filter_rows(const float* in, int stride, Span rows, Span columns, const float* taps,
                 int radius, float* line, const Use& use) {
    const int count = columns.size();
    for (int row = rows.begin; row < rows.end; ++row) {
        const float* __restrict source =
            in + static_cast<std::size_t>(row) * stride + columns.begin;
        float* __restrict sum = line;
        const float middle = taps[radius];
        for (int x = 0; x < count; ++x) sum[x] = middle * source[x];
        for (int k = 1; k <= radius; ++k) {
            const float tap = taps[radius + k];
            const float* __restrict above = source - static_cast<std::size_t>(k) * stride;
            const float* __restrict below = source + static_cast<std::size_t>(k) * stride;
            for (int x = 0; x < count; ++x) sum[x] += tap * (above[x] + below[x]);
        }
        use(row, sum);
    }
}

// Sets the slopes to the linear weights, and returns the linear cost of the core.
double linear_of_frame(const Frame& frame, const Form& form, const float* errors,
                       const float* linear, float* slopes) {
    const std::size_t size = frame.plane_size() * static_cast<std::size_t>(form.num_channels);
    if (slopes != nullptr) std::copy(linear, linear + size, slopes);
    double cost = 0.0;
    for (int c = 0; c < form.num_channels; ++c) {
        for (int row = frame.margin; row < frame.height - frame.margin; ++row) {
            const std::size_t start = c * frame.plane_size() +
                                      static_cast<std::size_t>(row) * frame.stride + frame.margin;
            float sum = 0.0f;
            for (int x = 0; x < frame.columns.size(); ++x) {
                sum += linear[start + x] * errors[start + x];
            }
            cost += sum;
        }
    }
    return cost;
}

}  // namespace

TileGrid TileGrid::of(int height, int width) {
    const auto parts = [](int size) { return std::max(1, (size + kTilePx / 2) / kTilePx); };
    return {height, width, parts(height), parts(width)};
}

Span TileGrid::span(int size, int parts, int part) {
    const auto edge = [&](int number) {
        return static_cast<int>(static_cast<std::int64_t>(size) * number / parts);
    };
    return {edge(part), edge(part + 1)};
}

Frame Frame::of(const Form& form, Span rows, Span columns, int margin) {
    Frame frame;
    frame.rows = rows;
    frame.columns = columns;
    frame.margin = margin;
    frame.height = rows.size() + 2 * margin;
    frame.width = columns.size() + 2 * margin;
    frame.stride = (frame.width + kSlack + 15) / 16 * 16;
    frame.is_inside = rows.begin >= margin && rows.end + margin <= form.height &&
                      columns.begin >= margin && columns.end + margin <= form.width;
    return frame;
}

Images::Images(int picture_size, Span core, int margin, int ring) : first_(core.begin - ring) {
    const int count = core.size() + 2 * ring, size = core.size() + 2 * margin;
    starts_.assign(static_cast<std::size_t>(count) + 1, 0);
    const auto position_at = [&](int place) {
        return mirrored(core.begin - margin + place, picture_size) - first_;
    };
    for (int place = 0; place < size; ++place) {
        const int position = position_at(place);
        if (position >= 0 && position < count) ++starts_[position + 1];
    }
    for (int n = 0; n < count; ++n) starts_[n + 1] += starts_[n];
    // One more, so that the end of the last position has an address.
    places_.assign(static_cast<std::size_t>(starts_[count]) + 1, 0);
    std::vector<int> next(starts_.begin(), starts_.end() - 1);
    for (int place = 0; place < size; ++place) {
        const int position = position_at(place);
        if (position >= 0 && position < count) places_[next[position]++] = place;
    }
}

int reach_px(const Form& form) {
    int reach = 0;
    for (int l = 0; l < form.num_layers; ++l) reach = std::max(reach, 2 * form.layers[l].radius);
    return reach;
}

void load_plane(const Frame& frame, const Form& form, const float* plane, float* loaded) {
    for (int row = 0; row < frame.height; ++row) {
        const int y = mirrored(frame.picture_row(row), form.height);
        const float* source = plane + static_cast<std::size_t>(y) * form.width;
        float* target = loaded + static_cast<std::size_t>(row) * frame.stride;
        const int left = frame.picture_column(0);
        const int begin = std::max(0, -left);
        const int end = std::max(begin, std::min(frame.width, form.width - left));
        if (end > begin) {
            std::memcpy(target + begin, source + left + begin,
                        sizeof(float) * static_cast<std::size_t>(end - begin));
        }
        for (int x = 0; x < begin && x < frame.width; ++x) {
            target[x] = source[mirrored(left + x, form.width)];
        }
        for (int x = end; x < frame.width; ++x) target[x] = source[mirrored(left + x, form.width)];
    }
}

void WindowWeights::load(const Frame& frame, const Form& form) {
    std::map<const float*, std::size_t> places;
    for (int l = 0; l < form.num_layers; ++l) {
        const float* weights = form.layers[l].weights;
        if (!places.emplace(weights, places.size()).second) continue;
        maps.emplace_back(frame.plane_size());
        load_plane(frame, form, weights, maps.back().data());
    }
    for (int l = 0; l < form.num_layers; ++l) {
        of_layer.push_back(maps[places[form.layers[l].weights]].data());
    }
    if (form.linear == nullptr) return;
    const std::size_t plane = frame.plane_size();
    linear.resize(plane * static_cast<std::size_t>(form.num_channels));
    for (int c = 0; c < form.num_channels; ++c) {
        load_plane(frame, form, form.linear + c * num_pixels(form), &linear[c * plane]);
    }
}

double field_of_frame(const Frame& frame, const Form& form, const float* errors,
                      const WindowWeights& weights, int ring, float* slopes,
                      FieldBuffers& buffers) {
    const std::size_t size = frame.plane_size();
    const int stride = frame.stride;
    buffers.first.resize(size);
    buffers.second.resize(size + static_cast<std::size_t>(stride));
    float* first = buffers.first.data();
    float* second = buffers.second.data();
    float* line = second + size;
    if (slopes != nullptr) {
        std::fill(slopes, slopes + size * static_cast<std::size_t>(form.num_channels), 0.0f);
    }
    const Span core_rows{frame.margin, frame.height - frame.margin};
    const Span core_columns{frame.margin, frame.width - frame.margin};
    double cost = 0.0;
    if (!weights.linear.empty()) {
        cost = linear_of_frame(frame, form, errors, weights.linear.data(), slopes);
    }
    for (int l = 0; l < form.num_layers; ++l) {
        const Layer& layer = form.layers[l];
        const int r = layer.radius;
        // Around the core: the windows that are needed, and then the pixels in them.
        const int seen = slopes == nullptr ? 0 : ring + r;
        const Span rows{core_rows.begin - seen, core_rows.end + seen};
        const Span columns{core_columns.begin - seen, core_columns.end + seen};
        const float* error = errors + size * static_cast<std::size_t>(layer.channel);
        filter_columns(error, first, stride, {rows.begin - r, rows.end + r}, columns, layer.taps,
                       r);
        filter_rows(first, stride, rows, columns, layer.taps, r, line,
                    [&](int row, float* blurred) {
                        const std::size_t start = static_cast<std::size_t>(row) * stride;
                        const float* __restrict weight =
                            weights.of_layer[static_cast<std::size_t>(l)] + start + columns.begin;
                        float* __restrict weighted = second + start + columns.begin;
                        const int count = columns.size();
                        for (int x = 0; x < count; ++x)
                            weighted[x] = layer.scale * weight[x] * blurred[x];
                        if (row < core_rows.begin || row >= core_rows.end) return;
                        const int skip = core_columns.begin - columns.begin;
                        float sums[16] = {};
                        const int inner = core_columns.size();
                        int x = 0;
                        for (; x + 16 <= inner; x += 16) {
                            for (int lane = 0; lane < 16; ++lane) {
                                sums[lane] += weighted[skip + x + lane] * blurred[skip + x + lane];
                            }
                        }
                        for (; x < inner; ++x) sums[0] += weighted[skip + x] * blurred[skip + x];
                        float sum = 0.0f;
                        for (float part : sums) sum += part;
                        cost += sum;
                    });
        if (slopes == nullptr) continue;
        const Span near_rows{core_rows.begin - ring, core_rows.end + ring};
        const Span near_columns{core_columns.begin - ring, core_columns.end + ring};
        filter_columns(second, first, stride, rows, near_columns, layer.taps, r);
        float* slope = slopes + size * static_cast<std::size_t>(layer.channel);
        filter_rows(first, stride, near_rows, near_columns, layer.taps, r, line,
                    [&](int row, const float* blurred) {
                        float* __restrict target =
                            slope + static_cast<std::size_t>(row) * stride + near_columns.begin;
                        const int count = near_columns.size();
                        for (int x = 0; x < count; ++x) target[x] += 2.0f * blurred[x];
                    });
    }
    return cost;
}

std::vector<float> folded_products(const Layer& layer, int size, Span positions, int offset) {
    const int radius = layer.radius, num_taps = 2 * radius + 1, count = positions.size();
    // Entry (window, position) of the mirrored filter.
    const auto entry = [&](int window, int position) {
        float sum = 0.0f;
        for (int k = -radius; k <= radius; ++k) {
            if (mirrored(window + k, size) == position) sum += layer.taps[k + radius];
        }
        return sum;
    };
    std::vector<float> products(static_cast<std::size_t>(num_taps) * count, 0.0f);
    for (int n = 0; n < count; ++n) {
        const int position = positions.begin + n, partner = position + offset;
        if (std::min(position, partner) < 0 || std::max(position, partner) >= size) continue;
        const bool is_plain = std::min(position, partner) >= 2 * radius &&
                              std::max(position, partner) < size - 2 * radius;
        for (int k = -radius; k <= radius; ++k) {
            const int window = position + k, other = k - offset;
            if (window < 0 || window >= size) continue;
            float product = 0.0f;
            if (!is_plain) {
                product = entry(window, position) * entry(window, partner);
            } else if (other >= -radius && other <= radius) {
                product = layer.taps[k + radius] * layer.taps[other + radius];
            }
            products[static_cast<std::size_t>(k + radius) * count + n] = product;
        }
    }
    return products;
}

void sum_products(const Frame& frame, const Layer& layer, int ring, const float* weights,
                  const std::vector<float>& column_products, float* sums) {
    const int radius = layer.radius, first = frame.margin - ring;
    const int count = frame.columns.size() + 2 * ring;
    const int last = frame.margin + frame.rows.size() + ring;
    for (int row = first - radius; row < last + radius; ++row) {
        const std::size_t start = static_cast<std::size_t>(row) * frame.stride + first;
        float* __restrict sum = sums + start;
        for (int x = 0; x < count; ++x) sum[x] = 0.0f;
        for (int k = -radius; k <= radius; ++k) {
            const float* __restrict product =
                column_products.data() + static_cast<std::size_t>(k + radius) * count;
            const float* __restrict shifted = weights + start + k;
            for (int x = 0; x < count; ++x) sum[x] += product[x] * shifted[x];
        }
    }
}

void add_products(const Frame& frame, const Layer& layer, int ring, const float* sums,
                  const std::vector<float>& row_products, float* total) {
    const int radius = layer.radius, first = frame.margin - ring;
    const int count = frame.columns.size() + 2 * ring, num_rows = frame.rows.size() + 2 * ring;
    for (int row = 0; row < num_rows; ++row) {
        const std::size_t start = static_cast<std::size_t>(row + first) * frame.stride + first;
        float* __restrict target = total + start;
        for (int k = -radius; k <= radius; ++k) {
            const float product =
                layer.scale * row_products[static_cast<std::size_t>(k + radius) * num_rows + row];
            if (product == 0.0f) continue;
            const float* __restrict source =
                sums + start + static_cast<std::ptrdiff_t>(k) * frame.stride;
            for (int x = 0; x < count; ++x) target[x] += product * source[x];
        }
    }
}

}  // namespace ditherlab
