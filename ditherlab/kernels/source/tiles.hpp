// The fixed division of a picture into tiles, and a tile with its surroundings in memory.
//
// The division depends on the size of the picture alone, so results do not depend on how many
// tiles are in memory or how many threads work on them.
#pragma once

#include <cstdint>
#include <vector>

#include "form.hpp"

namespace ditherlab {

// Of a tile's side. Tiles whose numbers have the same parity in both directions are one tile apart.
constexpr int kTilePx = 128;
constexpr int kNumPhases = 4;

struct Span {
    int begin;
    int end;
    int size() const { return end - begin; }
};

struct TileGrid {
    int height, width, rows, columns;

    static TileGrid of(int height, int width);
    int num_tiles() const { return rows * columns; }
    Span row_span(int tile) const { return span(height, rows, tile / columns); }
    Span column_span(int tile) const { return span(width, columns, tile % columns); }
    int phase(int tile) const { return (tile / columns % 2) * 2 + tile % columns % 2; }

  private:
    static Span span(int size, int parts, int part);
};

// A tile (its core) with a margin on each side. Positions in the frame count from the corner of the
// margin; outside the picture, the frame shows the mirrored picture.
struct Frame {
    Span rows, columns;  // of the core, in the picture
    int margin;          // pixels around the core
    int height, width;   // of the frame
    int stride;          // floats from one row to the next
    bool is_inside;      // whether the whole frame lies inside the picture

    static Frame of(const Form& form, Span rows, Span columns, int margin);
    std::size_t plane_size() const { return static_cast<std::size_t>(height + 1) * stride; }
    int picture_row(int row) const { return rows.begin - margin + row; }
    int picture_column(int column) const { return columns.begin - margin + column; }
};

// The places in a frame that show each position of the core and of `ring` positions around it,
// along one axis: the position itself and, near the border of the picture, its mirror images.
class Images {
  public:
    Images() = default;
    Images(int picture_size, Span core, int margin, int ring);

    const int* begin(int position) const { return &places_[starts_[position - first_]]; }
    const int* end(int position) const { return &places_[starts_[position - first_ + 1]]; }

  private:
    int first_ = 0;
    std::vector<int> starts_, places_;
};

// The largest distance at which two pixels share a window.
int reach_px(const Form& form);

// Copies a plane of the picture into a frame, mirrored at the borders of the picture.
void load_plane(const Frame& frame, const Form& form, const float* plane, float* loaded);

// The weights of windows in a frame; a map that layers share is held once.
struct WindowWeights {
    std::vector<std::vector<float>> maps;
    std::vector<const float*> of_layer;  // into `maps`
    std::vector<float> linear;           // of single pixels, a plane for each channel, or empty

    void load(const Frame& frame, const Form& form);
};

// Buffers of one worker for `field_of_frame`.
struct FieldBuffers {
    std::vector<float> first, second;
};

// Computes the slope of the cost in each pixel's value, for the core and `ring` pixels around it:
// `slopes_c = 2 sum_l s_l h_l * (w_l (h_l * e_c)) + linear_c`. Returns the cost of the windows in
// the core.
//
// `errors` holds a plane of the frame for each channel, `slopes` gets one for each; null computes
// the cost alone.
double field_of_frame(const Frame& frame, const Form& form, const float* errors,
                      const WindowWeights& weights, int ring, float* slopes, FieldBuffers& buffers);

// Products of the entries of two pixels in the mirrored filter along one axis, for a range of
// positions: `products[tap][position]`. With an offset of 0 they are squares.
std::vector<float> folded_products(const Layer& layer, int size, Span positions, int offset);

// Sums `products * weights` along the rows, for the core and `ring` columns around it, on all rows
// that `add_products` reads.
void sum_products(const Frame& frame, const Layer& layer, int ring, const float* weights,
                  const std::vector<float>& column_products, float* sums);

// Adds `scale * sum_j products_j sums_j` along the columns, for the core and `ring` pixels around.
void add_products(const Frame& frame, const Layer& layer, int ring, const float* sums,
                  const std::vector<float>& row_products, float* total);

}  // namespace ditherlab
